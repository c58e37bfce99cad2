using System.Diagnostics;

namespace Burrow.FunctionsHost;

/// <summary>The process of the published app, started as the real host starts it.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process process;

    private WorkerProcess(Process process) => this.process = process;

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>Starts the app.</summary>
    /// <param name="appFolder">The folder that the app was published to.</param>
    /// <param name="assembly">The app's assembly.</param>
    /// <param name="host">Where the worker reaches the host's gRPC.</param>
    public static WorkerProcess Start(string appFolder, string assembly, Uri host)
    {
        var (worker, request) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        const string maxMessage = "2147483647";
        string[] arguments =
        [
            Path.Combine(appFolder, assembly),
            "--host", host.Host, "--port", $"{host.Port}", "--workerId", worker, "--requestId", request,
            "--grpcMaxMessageLength", maxMessage,
            "--functions-uri", $"{host}", "--functions-worker-id", worker, "--functions-request-id", request,
            "--functions-grpc-max-message-length", maxMessage,
        ];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = appFolder,
            Environment =
            {
                ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
                ["FUNCTIONS_APPLICATION_DIRECTORY"] = appFolder,
            },
        };
        return new(Process.Start(start)!);
    }

    public Task ExitAsync(CancellationToken cancellationToken = default) => process.WaitForExitAsync(cancellationToken);

    /// <summary>Ends the process at once, if it has not ended.</summary>
    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }
}
