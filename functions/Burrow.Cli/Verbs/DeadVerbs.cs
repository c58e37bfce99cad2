using System.CommandLine;
using System.Text.Json.Nodes;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>dead</c>, <c>redrive</c> and <c>purge</c>.</summary>
internal static class DeadVerbs
{
    public static IEnumerable<Command> Create() => [Dead(), Redrive(), Purge()];

    private static Command Dead()
    {
        var queue = Arguments.Maybe(
            "queue", "The queue; without it, the queues that hold dead messages are listed.");
        var limit = Arguments.Limit(20, "How many messages at most; 0: all.");
        var verb = new Command("dead", "List dead messages, with the causes that workers gave.") { queue, limit };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var rows = new List<JsonObject>();
            if (parsed.GetValue(queue) is not { } name)
            {
                await foreach (var one in session.Account.DeadQueuesAsync(cancellationToken))
                    rows.Add(new() { ["id"] = one });
                session.Printer.Table(rows, ("queue", "id"));
                return rows.Count > 0 ? ExitCodes.Done : ExitCodes.NotFound;
            }

            var all = session.Account.BytesQueue(name).DeadLetters.ListAsync(cancellationToken);
            await foreach (var message in parsed.GetValue(limit) is > 0 and var most ? all.Take(most) : all)
            {
                var row = Printer.ToJson(message);
                row["last"] = message.Causes.LastOrDefault()?.Text;
                rows.Add(row);
            }

            session.Printer.Table(rows, ("id", "id"), ("died", "died"), ("deliveries", "deliveries"), ("cause", "last"), ("body", "body"));
            return rows.Count > 0 ? ExitCodes.Done : ExitCodes.NotFound;
        });
        return verb;
    }

    private static Command Redrive()
    {
        var (queue, id) = (Arguments.Queue(), Arguments.MaybeId());
        var ttl = Arguments.Ttl();
        var hide = Arguments.Time("--hide", "For how long they are hidden first.");
        var verb = new Command("redrive", "Put dead messages back into their old places: one, or all.") { queue, id, ttl, hide };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var dead = session.Account.BytesQueue(parsed.GetValue(queue)!).DeadLetters;
            var (live, hidden) = (parsed.GetValue(ttl).ToTtl(), parsed.GetValue(hide));
            if (parsed.GetValue(id) is { } one)
                return await dead.RedriveAsync(one, live, hidden, cancellationToken) ? ExitCodes.Done : ExitCodes.NotFound;
            await dead.RedriveAllAsync(live, hidden, cancellationToken);
            return ExitCodes.Done;
        });
        return verb;
    }

    private static Command Purge()
    {
        var (queue, id) = (Arguments.Queue(), Arguments.MaybeId());
        var all = new Option<bool>("--all") { Description = "All dead messages of the queue." };
        var verb = new Command("purge", "Delete a dead message, or with --all all of them.") { queue, id, all };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var dead = session.Account.BytesQueue(parsed.GetValue(queue)!).DeadLetters;
            if (parsed.GetValue(id) is null != parsed.GetValue(all))
                throw new UsageException("Name a message, or say --all.");
            if (parsed.GetValue(id) is { } one)
                return await dead.PurgeAsync(one, cancellationToken) ? ExitCodes.Done : ExitCodes.NotFound;
            await dead.PurgeAllAsync(cancellationToken);
            return ExitCodes.Done;
        });
        return verb;
    }
}
