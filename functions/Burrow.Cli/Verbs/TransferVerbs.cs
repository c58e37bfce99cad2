using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>move</c>, <c>export</c> and <c>import</c>. Each can be stopped anywhere, and the same command goes on.</summary>
internal static class TransferVerbs
{
    public static IEnumerable<Command> Create() => [Move(), Export(), Import()];

    private static Command Move()
    {
        var from = new Argument<string>("from") { Description = "The queue that is emptied." };
        var to = new Argument<string>("to") { Description = "The queue that is filled." };
        var profile = new Option<string?>("--to-profile") { Description = "The other service's profile; without it, the same service." };
        var account = new Option<string?>("--to-account") { Description = "The other account; without it, the same account." };
        var verb = new Command(
            "move", "Move the messages of a queue into another one, in order, each exactly once. Waits for those that workers hold.")
        {
            from, to, profile, account,
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var other = parsed.GetValue(profile);
            using var target = other is null
                ? Session.Open(
                    parsed.GetValue(ServiceOptions.Profile),
                    parsed.GetValue(ServiceOptions.Url),
                    parsed.GetValue(account) ?? session.Account.Name,
                    session.Printer)
                : Session.Open(other, null, parsed.GetValue(account), session.Printer);
            var (source, destination) = (parsed.GetValue(from)!, parsed.GetValue(to)!);
            if ((source, session.Account.Name, session.Url) == (destination, target.Account.Name, target.Url))
                throw new UsageException("Both are the same queue.");
            var mover = new Mover(
                session.Account.BytesQueue(source),
                target.Account.BytesQueue(destination),
                $"move:{session.Url.Authority}",
                target.Url,
                session.Printer);
            var total = (await session.Account.BytesQueue(source).StatisticsAsync(cancellationToken))?.Messages;
            await session.Printer.ProgressAsync("moving", total, report => mover.RunAsync(report, cancellationToken));
            session.Printer.Line(new() { ["moved"] = mover.Moved }, $"{mover.Moved:N0} messages were moved.");
            return ExitCodes.Done;
        });
        return verb;
    }

    private static Command Export()
    {
        var (queue, file) = (Arguments.Queue(), File());
        var verb = new Command(
            "export", "Write the messages of a queue to a file, one a line, in order. A file that is there is gone on with.")
        {
            queue, file,
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var messages = session.Account.BytesQueue(parsed.GetValue(queue)!);
            var total = (await messages.StatisticsAsync(cancellationToken))?.Messages;
            await using var output = new FileStream(
                parsed.GetValue(file)!, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 64 * 1024);
            var (written, cursor) = await ReadExportedAsync(output, cancellationToken);
            var before = written;
            await session.Printer.ProgressAsync("exporting", total, async report =>
            {
                await foreach (var message in QueueReading.UntilEndAsync(messages, cursor, cancellationToken))
                {
                    var line = JsonSerializer.SerializeToUtf8Bytes(ExportedMessage.Of(message), ExportJson.Default.ExportedMessage);
                    await output.WriteAsync(line, cancellationToken);
                    output.WriteByte((byte)'\n');
                    report(++written);
                }
            });
            session.Printer.Line(
                new() { ["exported"] = written - before, ["inFile"] = written },
                $"{written - before:N0} messages were exported; the file holds {written:N0}.");
            return ExitCodes.Done;
        });
        return verb;
    }

    private static Command Import()
    {
        var (queue, file) = (Arguments.Queue(), File());
        var again = new Option<bool>("--again") { Description = "Import a file that was imported into this queue before." };
        var verb = new Command("import", "Put the messages of a file into a queue, in order, each exactly once.") { queue, file, again };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var path = parsed.GetValue(file)!;
            // The file's content names the producer, so that the same command goes on where it was stopped.
            var name = $"import:{await HashAsync(path, cancellationToken)}";
            var producer = session.Account.BytesQueue(parsed.GetValue(queue)!).Producer(name);
            if (parsed.GetValue(again))
                await producer.DeleteAsync(cancellationToken);
            var stored = (await producer.GetAsync(cancellationToken))?.Last + 1 ?? 0;
            var lines = System.IO.File.ReadLinesAsync(path, Encoding.UTF8, cancellationToken);
            var importer = new Importer(producer, stored);
            // All lines are looked at before the first one is put: with one mended, the file is another one, and begins anew.
            var count = 0L;
            await foreach (var line in lines)
                Parse(Encoding.UTF8.GetBytes(line), ++count);
            await session.Printer.ProgressAsync(
                "importing", count, report => importer.RunAsync(lines, report, cancellationToken));
            foreach (var refused in importer.Refused)
                await Console.Error.WriteLineAsync($"burrow import: {refused}");
            session.Printer.Line(
                new() { ["imported"] = importer.Imported, ["before"] = stored, ["refused"] = importer.Refused.Count },
                $"{importer.Imported:N0} messages were imported{(stored > 0 ? $", {stored:N0} lines were done before" : "")}.");
            return importer.Refused.Count == 0 ? ExitCodes.Done : ExitCodes.Refused;
        });
        return verb;
    }

    /// <summary>How each line of an export begins.</summary>
    private static readonly byte[] LineBegins = Encoding.UTF8.GetBytes("{\"cursor\":\"");

    private static Argument<string> File() => new("file") { Description = "The file: ndjson, a message a line." };

    /// <summary>How many whole lines a file has, and the place behind the last. What follows the last whole line is cut off.</summary>
    private static async Task<(long Lines, string? Cursor)> ReadExportedAsync(FileStream file, CancellationToken cancellationToken)
    {
        var (lines, end, last) = (0L, 0L, Array.Empty<byte>());
        var reader = System.IO.Pipelines.PipeReader.Create(file, new(leaveOpen: true));
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (System.Buffers.BuffersExtensions.PositionOf(buffer, (byte)'\n') is { } newLine)
            {
                var line = buffer.Slice(0, newLine);
                last = System.Buffers.BuffersExtensions.ToArray(line);
                (lines, end) = (lines + 1, end + line.Length + 1);
                buffer = buffer.Slice(buffer.GetPosition(1, newLine));
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                break;
        }

        await reader.CompleteAsync();
        // Before anything is cut off, it must be clear that the file is an export, and the end of it a line that was not finished.
        var cursor = lines == 0 ? null : Parse(last, lines).Cursor;
        file.Position = end;
        var rest = new byte[Math.Min(file.Length - end, LineBegins.Length)];
        await file.ReadExactlyAsync(rest, cancellationToken);
        if (!LineBegins.AsSpan().StartsWith(rest))
            throw new UsageException($"Line {lines + 1} of the file is no message. It was left as it is.");
        file.SetLength(end);
        file.Position = end;
        return (lines, cursor);
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = System.IO.File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken))[..32];
    }

    /// <exception cref="UsageException">The line is no message.</exception>
    public static ExportedMessage Parse(ReadOnlySpan<byte> line, long number)
    {
        try
        {
            var message = JsonSerializer.Deserialize(line, ExportJson.Default.ExportedMessage)
                ?? throw new JsonException("it is null");
            _ = message.Bytes;
            return message;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new UsageException($"Line {number} of the file is no message: {e.Message}");
        }
    }
}

/// <summary>Puts the lines of a file, many at a time, each with the number of its line.</summary>
internal sealed class Importer(BurrowProducer<ReadOnlyMemory<byte>> producer, long stored)
{
    /// <summary>How many puts may be under way. They go in batches, in order.</summary>
    private const int UnderWay = 1_000;

    public long Imported { get; private set; }

    /// <summary>The lines that the service refused, and why.</summary>
    public List<string> Refused { get; } = [];

    public async Task RunAsync(IAsyncEnumerable<string> lines, Action<long> report, CancellationToken cancellationToken)
    {
        var puts = new Queue<(long Line, Task<PutResult> Put)>();
        var number = 0L;
        await foreach (var line in lines)
        {
            if (number++ < stored)
                continue;
            var message = TransferVerbs.Parse(Encoding.UTF8.GetBytes(line), number);
            try
            {
                puts.Enqueue((number, producer.PutNumberedAsync(number - 1, message.Bytes, message.Options, cancellationToken)));
            }
            catch (ArgumentException e)
            {
                Refused.Add($"line {number} was refused: {e.Message}");
            }

            if (puts.Count >= UnderWay)
                await EndOneAsync(puts, report);
        }

        while (puts.Count > 0)
            await EndOneAsync(puts, report);
    }

    private async Task EndOneAsync(Queue<(long Line, Task<PutResult> Put)> puts, Action<long> report)
    {
        var (line, put) = puts.Dequeue();
        try
        {
            await put;
            Imported++;
        }
        catch (BurrowException e) when (e is not (BurrowUnavailableException or BurrowProducerFencedException or BurrowAccessException))
        {
            Refused.Add($"line {line} was refused: {e.Message}");
        }

        report(line);
    }
}
