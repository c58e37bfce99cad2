using System.Diagnostics;

namespace Burrow.Tests.Support;

/// <summary>The command line, run as a process of its own, as a shell runs it.</summary>
internal sealed class CliProcess : IDisposable
{
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> error;

    private CliProcess(Process process)
    {
        this.process = process;
        (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    }

    /// <summary>Starts it.</summary>
    /// <param name="environment">Environment variables in addition to those of this process.</param>
    /// <param name="arguments">The command line.</param>
    public static CliProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Burrow.Cli.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Gives it its whole standard input.</summary>
    public void Type(string text)
    {
        process.StandardInput.Write(text);
        process.StandardInput.Close();
    }

    /// <summary>Sends <c>kill -9</c>.</summary>
    public void Kill() => process.Kill(entireProcessTree: true);

    /// <summary>Sends the signal that Ctrl-C sends.</summary>
    public Task InterruptAsync() => Commands.RunAsync("kill", $"-INT {process.Id}", Path.GetTempPath());

    /// <summary>Waits for its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        return (process.ExitCode, await output, await error);
    }

    public void Dispose() => process.Dispose();
}
