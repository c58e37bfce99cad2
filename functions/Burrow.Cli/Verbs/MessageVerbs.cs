using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;

namespace Burrow.Client.Cli.Verbs;

/// <summary>
/// <c>put</c>, <c>get</c>, <c>list</c>, <c>update</c>, <c>delete</c> and <c>take</c>. The verbs of the original's command line are other
/// names for them.
/// </summary>
internal static class MessageVerbs
{
    public static IEnumerable<Command> Create() => [Put(), Get(), List(), Update(), Delete(), Take()];

    private static Command Put()
    {
        var queue = Arguments.Queue();
        var body = Arguments.Maybe(
            "body", "The body; without it, or as '-', it is read from standard input.");
        var id = new Option<string?>("--id") { Description = "The id; without it, one is made." };
        var ttl = Arguments.Ttl();
        var hide = Arguments.Time("--hide", "For how long it is hidden first.");
        var priority = new Option<int?>("--priority") { Description = "0 to 9, higher first; 4 without it." };
        var group = new Option<string?>("--group") { Description = "The messages of a group are handed out in order, one at a time." };
        var result = Arguments.Time("--result", "Keep for so long, after its end, what became of it.");
        var type = new Option<string?>("--content-type") { Description = "The type of the body." };
        var onlyIfNew = new Option<bool>("--only-if-new") { Description = "Fail if the id exists, rather than replace the message." };
        var wait = new Option<bool>("--wait") { Description = "Wait until a worker has done it, and print its result." };
        var verb = new Command("put", "Put a message. Prints its id.")
        {
            queue, body, id, ttl, hide, priority, group, result, type, onlyIfNew, wait,
        };
        verb.Aliases.Add("create_message");
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var bytes = await BytesAsync(parsed.GetValue(body), cancellationToken);
            var options = new PutOptions
            {
                Id = parsed.GetValue(id),
                Ttl = parsed.GetValue(ttl).ToTtl(),
                Hide = parsed.GetValue(hide),
                Priority = parsed.GetValue(priority),
                Group = parsed.GetValue(group),
                Result = parsed.GetValue(result),
                ContentType = parsed.GetValue(type),
                OnlyIfNew = parsed.GetValue(onlyIfNew),
            };
            var messages = session.Account.BytesQueue(parsed.GetValue(queue)!);
            if (parsed.GetValue(wait))
                return await CallAsync(session, messages, bytes, options, cancellationToken);
            var put = await messages.PutAsync(bytes, options, cancellationToken);
            session.Printer.Line(new() { ["id"] = put.Id, ["new"] = put.IsNew, ["etag"] = put.Receipt }, Printer.Plain(put.Id));
            return ExitCodes.Done;
        });
        return verb;
    }

    private static Command Get()
    {
        var (queue, id) = (Arguments.Queue(), Arguments.Id());
        var verb = new Command("get", "Print a message's body; with --json all of it.") { queue, id };
        verb.Aliases.Add("get_message");
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var messages = session.Account.BytesQueue(parsed.GetValue(queue)!);
            if (await messages.GetAsync(parsed.GetValue(id)!, cancellationToken) is not { } message)
                return ExitCodes.NotFound;
            if (session.Printer.IsJson)
                session.Printer.Line(Printer.ToJson(message), "");
            else
                Write(message.Bytes);
            return ExitCodes.Done;
        });
        return verb;
    }

    private static Command List()
    {
        var queue = Arguments.Queue();
        var limit = Arguments.Limit(20, "How many messages at most; 0: all.");
        var hidden = new Option<bool>("--hidden") { Description = "Hidden messages, too." };
        var marker = new Option<string?>("--marker") { Description = "Only messages behind the one with this id." };
        var verb = new Command("list", "List messages, in the order of the puts.") { queue, limit, hidden, marker };
        verb.Aliases.Add("get_messages");
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var most = parsed.GetValue(limit);
            var options = new ListOptions
            {
                IncludeHidden = parsed.GetValue(hidden),
                Marker = parsed.GetValue(marker),
                PageSize = most is > 0 and < 1_000 ? most : 1_000,
            };
            var all = session.Account.BytesQueue(parsed.GetValue(queue)!).ListAsync(options, cancellationToken);
            return await ShowAsync(session.Printer, most > 0 ? all.Take(most) : all);
        });
        return verb;
    }

    private static Command Update()
    {
        var (queue, id) = (Arguments.Queue(), Arguments.Id());
        var ttl = Arguments.Ttl();
        var hide = Arguments.Time("--hide", "For how long it is hidden from now on; 0: it is visible.");
        var verb = new Command("update", "Set how long a message lives on, or is hidden.") { queue, id, ttl, hide };
        verb.Aliases.Add("update_message");
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            if ((parsed.GetValue(ttl), parsed.GetValue(hide)) is (null, null))
                throw new UsageException("Say what is to change: --ttl or --hide.");
            return await session.Account.BytesQueue(parsed.GetValue(queue)!).UpdateAsync(
                parsed.GetValue(id)!, parsed.GetValue(ttl).ToTtl(), parsed.GetValue(hide), cancellationToken: cancellationToken)
                ? ExitCodes.Done
                : ExitCodes.NotFound;
        });
        return verb;
    }

    private static Command Delete()
    {
        var (queue, id) = (Arguments.Queue(), Arguments.MaybeId());
        var all = new Option<bool>("--all") { Description = "All messages that are not dead, hidden ones too." };
        var verb = new Command("delete", "Delete a message, or with --all all messages.") { queue, id, all };
        verb.Aliases.Add("delete_message");
        verb.Aliases.Add("delete_messages");
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var messages = session.Account.BytesQueue(parsed.GetValue(queue)!);
            if (parsed.GetValue(id) is null != parsed.GetValue(all))
                throw new UsageException("Name a message, or say --all.");
            if (parsed.GetValue(id) is { } one)
                return await messages.DeleteAsync(one, cancellationToken: cancellationToken) ? ExitCodes.Done : ExitCodes.NotFound;
            await messages.DeleteAllAsync(cancellationToken);
            return ExitCodes.Done;
        });
        return verb;
    }

    private static Command Take()
    {
        var queue = Arguments.Queue();
        var limit = Arguments.Limit(1);
        var wait = Arguments.Time("--wait", "How long to wait for one.");
        var verb = new Command("take", "Delete messages, and print their bodies. There is no second chance: see 'claim'.")
        {
            queue, limit, wait,
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var taken = await session.Account.BytesQueue(parsed.GetValue(queue)!)
                .TakeAsync(parsed.GetValue(limit), parsed.GetValue(wait) ?? TimeSpan.Zero, cancellationToken);
            foreach (var message in taken)
            {
                if (session.Printer.IsJson)
                    session.Printer.Line(Printer.ToJson(message), "");
                else
                    Write(message.Bytes);
            }

            return taken.Count > 0 ? ExitCodes.Done : ExitCodes.NotFound;
        });
        return verb;
    }

    /// <summary>Prints messages: a table for people, an object a line for programs.</summary>
    public static async Task<int> ShowAsync(Printer printer, IAsyncEnumerable<Message<ReadOnlyMemory<byte>>> messages)
    {
        var rows = new List<JsonObject>();
        await foreach (var message in messages)
        {
            var shown = Printer.ToJson(message);
            rows.Add(shown);
            if (printer.IsJson)
                printer.Line(shown, "");
        }

        if (rows.Count == 0)
            return ExitCodes.NotFound;
        if (!printer.IsJson)
            printer.Table(rows, ("id", "id"), ("ttl", "ttl"), ("hide", "hide"), ("deliveries", "deliveries"), ("body", "body"));
        return ExitCodes.Done;
    }

    private static async Task<int> CallAsync(
        Session session,
        BurrowQueue<ReadOnlyMemory<byte>> messages,
        ReadOnlyMemory<byte> body,
        PutOptions options,
        CancellationToken cancellationToken)
    {
        var progress = new Progress<JobResult>(seen => session.Printer.Say(seen.Text));
        var result = await messages.CallAsync(body, options, progress, cancellationToken);
        if (session.Printer.IsJson)
            session.Printer.Line(new() { ["state"] = "done", ["body"] = result.Text, ["contentType"] = result.ContentType }, "");
        else
            Write(result.Body);
        return ExitCodes.Done;
    }

    private static async Task<ReadOnlyMemory<byte>> BytesAsync(string? body, CancellationToken cancellationToken)
    {
        if (body is not null and not "-")
            return Encoding.UTF8.GetBytes(body);
        using var bytes = new MemoryStream();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    /// <summary>Writes the bytes as they are, and an end of line.</summary>
    private static void Write(ReadOnlyMemory<byte> bytes)
    {
        StandardOutput.Write([.. bytes.Span, (byte)'\n']);
    }
}
