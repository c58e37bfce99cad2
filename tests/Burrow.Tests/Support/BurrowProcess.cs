using System.Diagnostics;
using System.Text;

namespace Burrow.Tests.Support;

/// <summary>The local process, started for real, as the command line does it.</summary>
internal sealed class BurrowProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output;

    private BurrowProcess(Process process, StringBuilder output, Uri? address)
    {
        this.process = process;
        this.output = output;
        Address = address!;
        Http = new HttpClient { BaseAddress = address };
    }

    /// <summary>Where it said that it listens.</summary>
    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>The system's number of the process.</summary>
    public int Id => process.Id;

    /// <summary>All that it printed so far.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts it on a free port and waits until it says where it listens, or has ended.</summary>
    public static async Task<BurrowProcess> StartAsync(string tables, string? prefix = null, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Burrow.Local.dll"), "--urls", "http://127.0.0.1:0", "--tables", tables },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        if (prefix is not null)
            start.Environment["Burrow__Storage__TablePrefix"] = prefix;
        var output = new StringBuilder();
        var listening = new TaskCompletionSource<Uri?>();
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => listening.TrySetResult(null);
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new BurrowProcess(process, output, await listening.Task.WaitAsync(TimeSpan.FromMinutes(1)));

        void Add(string? line)
        {
            lock (output)
                output.AppendLine(line);
            if (line?.Split("listens on ") is [_, var address])
                listening.TrySetResult(new Uri(address));
        }
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>What Ctrl-C does. Returns once the signal is sent.</summary>
    public Task InterruptAsync() => Commands.RunAsync("kill", $"-INT {process.Id}", Path.GetTempPath());

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code, when all that it printed was read.</returns>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }
}
