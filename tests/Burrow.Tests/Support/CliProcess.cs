using System.Diagnostics;
using System.Text;

namespace Burrow.Tests.Support;

/// <summary>The command line, run as a process of its own, as a shell runs it.</summary>
internal sealed class CliProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder printed = new();
    private readonly StringBuilder said = new();
    private readonly SemaphoreSlim news = new(0);
    private readonly Task output;
    private readonly Task error;

    private CliProcess(Process process)
    {
        this.process = process;
        (output, error) = (ReadAsync(process.StandardOutput, printed), ReadAsync(process.StandardError, said));
    }

    /// <summary>Starts it.</summary>
    /// <param name="environment">Environment variables in addition to those of this process.</param>
    /// <param name="arguments">The command line.</param>
    public static CliProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "Burrow.Cli.dll"), .. arguments], environment);

    /// <summary>Starts it in a group of processes of its own, as a terminal does.</summary>
    public static CliProcess StartGroup(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start("setsid", ["dotnet", Path.Combine(AppContext.BaseDirectory, "Burrow.Cli.dll"), .. arguments], environment);

    private static CliProcess Start(string file, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(file, arguments)
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

    /// <summary>Sends the signal to all programs of its group, as a terminal does.</summary>
    public Task InterruptGroupAsync() => Commands.RunAsync("kill", $"-INT -- -{process.Id}", Path.GetTempPath());

    /// <summary>Waits until it has printed this, or said it on standard error.</summary>
    public async Task PrintedAsync(string text)
    {
        while (true)
        {
            lock (news)
            {
                if ($"{printed}{said}".Contains(text, StringComparison.Ordinal))
                    return;
            }

            await news.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        await Task.WhenAll(output, error);
        return (process.ExitCode, printed.ToString(), said.ToString());
    }

    public void Dispose() => process.Dispose();

    private async Task ReadAsync(StreamReader reader, StringBuilder text)
    {
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer) is > 0 and var read)
        {
            lock (news)
                text.Append(buffer, 0, read);
            news.Release();
        }

        news.Release();
    }
}
