using System.Diagnostics;
using System.Text;

namespace Burrow.Tests.Support;

/// <summary>A program of this folder, run as a separate process, that prints <c>listens on {address}</c> when it listens.</summary>
internal sealed class ListeningProcess : IAsyncDisposable
{
    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource<Uri?> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process process;
    private readonly int kept;
    private readonly Task read;

    private ListeningProcess(ProcessStartInfo start, int kept)
    {
        this.kept = kept;
        process = Process.Start(start)!;
        read = ReadAllAsync();
    }

    /// <summary>The process's id.</summary>
    public int Id => process.Id;

    /// <summary>Where the process said that it listens; null if it ended before.</summary>
    public Uri? Address { get; private set; }

    /// <summary>What the process has printed so far, or the first part of it.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts the process. Waits until it says where it listens, or has ended.</summary>
    /// <param name="assembly">The file's name, in this program's folder.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="environment">Environment variables in addition to those of this process; null removes a variable.</param>
    /// <param name="folder">The working folder; null for the folder of temporary files.</param>
    /// <param name="kept">How many characters of the output are kept. All of it is read.</param>
    public static async Task<ListeningProcess> StartAsync(
        string assembly,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?> environment,
        string? folder = null,
        int kept = int.MaxValue)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var started = new ListeningProcess(start, kept);
        started.Address = await started.listening.Task.WaitAsync(TimeSpan.FromMinutes(1));
        return started;
    }

    /// <summary>Sends a signal, by its name. Returns once it is sent.</summary>
    public Task SignalAsync(string signal) => Commands.RunAsync("kill", $"-{signal} {process.Id}", Path.GetTempPath());

    /// <summary>Sends <c>kill -9</c> to the process and those that it started, and waits for its end.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <returns>The exit code, once all output is read.</returns>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        await read;
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }

    private async Task ReadAllAsync()
    {
        await Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        listening.TrySetResult(null);
    }

    private async Task ReadAsync(StreamReader reader)
    {
        var buffer = new char[32 * 1024];
        for (int count; (count = await reader.ReadAsync(buffer)) > 0;)
        {
            lock (output)
            {
                output.Append(buffer, 0, Math.Min(count, kept - output.Length));
                if (!listening.Task.IsCompleted && AddressIn(output.ToString()) is { } address)
                    listening.TrySetResult(address);
            }
        }
    }

    private static Uri? AddressIn(string text) =>
        text.Split("listens on ") is [_, var rest, ..] && rest.IndexOf('\n') is > 0 and var end ? new Uri(rest[..end].Trim()) : null;
}
