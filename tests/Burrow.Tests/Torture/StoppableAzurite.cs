using System.Diagnostics;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Azurite on files. It can be stopped and started again on the same port with the same data.</summary>
internal sealed class StoppableAzurite(string code, string folder) : IAsyncDisposable
{
    private readonly int port = AzuriteProcess.FreePort();
    private Process? process;

    public string ConnectionString => AzuriteProcess.ConnectionStringOf(port);

    public static async Task<StoppableAzurite> StartAsync(string folder)
    {
        var azurite = new StoppableAzurite(await Azurite.WithNodeAsync(AzuriteProcess.InstallAsync), folder);
        await azurite.StartAsync();
        return azurite;
    }

    /// <summary>Returns once Azurite listens.</summary>
    public async Task StartAsync()
    {
        // Azurite has several programs. Only the one with all services saves its data when it gets the signal to stop.
        process = Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                Path.Combine(
                    code, "azurite.js"), "--tableHost", "127.0.0.1", "--tablePort", $"{port}", "--blobPort", "0", "--queuePort", "0",
                "--location", folder, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains("Table service is successfully listening", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return;
            }
        }

        throw new InvalidOperationException($"Azurite did not start: {await errors}");
    }

    /// <summary>Returns once Azurite has finished its work, saved its data and ended.</summary>
    public async Task StopAsync()
    {
        await Commands.RunAsync("kill", $"-TERM {process!.Id}", folder);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(patience.Token);
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is null)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
