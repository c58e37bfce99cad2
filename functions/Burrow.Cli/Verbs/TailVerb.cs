using System.CommandLine;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>tail</c>: shows messages as they come.</summary>
internal static class TailVerb
{
    public static Command Create()
    {
        var queue = Arguments.Queue();
        var after = new Option<string?>("--marker") { Description = "Begin behind the message with this id." };
        var reader = new Option<string?>("--reader")
        {
            Description = "Begin behind this reader's cursor, and move it as messages are printed: the next tail goes on there.",
        };
        var limit = Arguments.Limit(0, "End after so many messages; 0: go on until Ctrl-C.");
        var verb = new Command("tail", "Print the messages that are there, and each one that comes. Nothing is changed.")
        {
            queue, after, reader, limit,
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var messages = session.Account.BytesQueue(parsed.GetValue(queue)!);
            var cursor = parsed.GetValue(reader) is { } name ? messages.Reader(name) : null;
            var isThere = cursor is not null && await cursor.GetAsync(cancellationToken) is not null;
            var options = new FollowOptions { Marker = parsed.GetValue(after), Reader = isThere ? cursor!.Name : null };
            // A tail waits for a service that goes away. If there is none to begin with, that is an error.
            await messages.ListAsync(new() { PageSize = 1 }, cancellationToken).AnyAsync(cancellationToken);
            var (seen, most) = (0, parsed.GetValue(limit));
            await foreach (var message in messages.FollowAsync(options, cancellationToken))
            {
                session.Printer.Line(
                    Printer.ToJson(message), $"{message.Inserted:HH:mm:ss} {Printer.Plain(message.Id)}  {Text(message.Bytes)}");
                if (cursor is not null)
                    await cursor.MoveAsync(message.Cursor!, cancellationToken: cancellationToken);
                if (++seen == most)
                    break;
            }

            return ExitCodes.Done;
        });
        return verb;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes.Span)
        ? Printer.Plain(System.Text.Encoding.UTF8.GetString(bytes.Span))
        : $"({bytes.Length} bytes)";
}
