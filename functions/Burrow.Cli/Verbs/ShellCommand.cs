using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Burrow.Client.Workers;

namespace Burrow.Client.Cli.Verbs;

/// <summary>The command that a worker runs for each message.</summary>
/// <param name="Text">The command.</param>
/// <param name="LeavesResult">Whether its output is the message's result.</param>
/// <param name="IsOneOfMany">Whether several run at a time, so that their outputs must be kept apart.</param>
internal sealed record ShellCommand(string Text, bool LeavesResult, bool IsOneOfMany)
{
    private readonly CancellationTokenSource killed = new();

    /// <summary>Cancelled when the commands that run are to end.</summary>
    public CancellationToken Killed => killed.Token;

    public void Kill() => killed.Cancel();

    /// <summary>Why the worker stops: its own output can't be written; null: it does not.</summary>
    public IOException? Failure { get; private set; }

    /// <summary>Stops the worker, after the commands that run.</summary>
    public Action Stop { get; set; } = () => { };

    /// <summary>Writes what a command wrote. If that can't be done, the worker stops; the command's own work is not to blame.</summary>
    public void Write(ReadOnlySpan<byte> output)
    {
        if (Failure is not null)
            return;
        try
        {
            StandardOutput.Write(output);
        }
        catch (IOException e)
        {
            Failure = e;
            Stop();
        }
    }
}

/// <summary>Runs a shell command for a message. Its exit code says what became of the message.</summary>
internal sealed class ShellHandler(ShellCommand command) : IMessageHandler<ReadOnlyMemory<byte>>
{
    /// <summary>EX_DATAERR of sysexits.h: the message can never be handled.</summary>
    private const int DataError = 65;

    /// <summary>EX_TEMPFAIL of sysexits.h: not now.</summary>
    private const int TemporaryFailure = 75;

    public async Task HandleAsync(ClaimedMessage<ReadOnlyMemory<byte>> message, CancellationToken cancellationToken)
    {
        using var process = Start(message);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, command.Killed);
        await using var killing = ended.Token.Register(() => Kill(process));
        var writing = WriteAsync(process, message.Bytes);
        var isKept = command.LeavesResult || command.IsOneOfMany;
        var reading = isKept ? ReadAllAsync(process) : CopyAsync(process);
        var cause = await LastLineAsync(process);
        var output = await reading;
        await writing;
        await process.WaitForExitAsync(CancellationToken.None);
        if (!command.LeavesResult)
            command.Write(output.Span);
        cancellationToken.ThrowIfCancellationRequested();
        if (command.Killed.IsCancellationRequested)
            throw new MessageReleasedException();
        switch (process.ExitCode)
        {
            case 0 when command.LeavesResult:
                await message.DoneAsync(output, cancellationToken: CancellationToken.None);
                break;
            case 0:
                break;
            case TemporaryFailure:
                throw new MessageReleasedException();
            case DataError:
                throw new MessageDeadException(cause ?? "The command said that the message can never be handled.");
            default:
                throw new MessageFailedException(cause ?? $"The command ended with {process.ExitCode}.");
        }
    }

    private Process Start(ClaimedMessage<ReadOnlyMemory<byte>> message)
    {
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/c", command.Text])
            // Ctrl-C reaches all programs of a terminal, but the command is to end its work. What is ignored here is so in its programs.
            : new ProcessStartInfo("/bin/sh", ["-c", $"trap '' INT; {command.Text}"]);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        start.Environment["BURROW_QUEUE"] = message.Queue;
        start.Environment["BURROW_ID"] = message.Id;
        start.Environment["BURROW_DELIVERY"] = message.Deliveries.ToString(CultureInfo.InvariantCulture);
        start.Environment["BURROW_GROUP"] = message.Group;
        start.Environment["BURROW_CONTENT_TYPE"] = message.ContentType;
        start.Environment["TRACEPARENT"] = Activity.Current?.Id ?? message.TraceParent;
        // The command has no use for it.
        start.Environment.Remove("BURROW_KEY");
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new MessageFailedException($"The shell could not be started: {e.Message}", inner: e);
        }
    }

    private static async Task WriteAsync(Process process, ReadOnlyMemory<byte> body)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(body);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The command does not read its input.
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAllAsync(Process process)
    {
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        return output.ToArray();
    }

    /// <summary>Passes on what the command writes as it comes.</summary>
    private async Task<ReadOnlyMemory<byte>> CopyAsync(Process process)
    {
        var buffer = new byte[32 * 1024];
        while (await process.StandardOutput.BaseStream.ReadAsync(buffer) is > 0 and var read)
            command.Write(buffer.AsSpan(0, read));
        return default;
    }

    /// <summary>Passes on what the command writes to standard error, and remembers the last line.</summary>
    private static async Task<string?> LastLineAsync(Process process)
    {
        string? last = null;
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            await Console.Error.WriteLineAsync(line);
            if (line.Trim().Length > 0)
                last = line.Trim();
        }

        return last;
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }
}
