using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>stats</c>: what queues hold, once or again and again.</summary>
internal static class StatsVerb
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var queue = Arguments.Maybe("queue", "The queue; without it, all.");
        var watch = new Option<bool>("--watch", "-w") { Description = "Every two seconds, until Ctrl-C." };
        var verb = new Command("stats", "Show what queues hold.") { queue, watch };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            while (true)
            {
                var shown = await ReadAsync(session, parsed.GetValue(queue), cancellationToken);
                if (parsed.GetValue(watch) && !session.Printer.IsJson)
                    AnsiConsole.Clear();
                Show(session.Printer, shown);
                if (!parsed.GetValue(watch))
                    return shown.Count > 0 ? ExitCodes.Done : ExitCodes.NotFound;
                await Task.Delay(Interval, cancellationToken);
            }
        });
        return verb;
    }

    private static async Task<IReadOnlyList<QueueStatistics>> ReadAsync(
        Session session, string? queue, CancellationToken cancellationToken)
    {
        if (queue is null)
            return (await session.Account.StatisticsAsync(1_000, cancellationToken))?.Queues ?? [];
        return await session.Account.Queue(queue).StatisticsAsync(cancellationToken) is { } one ? [one] : [];
    }

    private static void Show(Printer printer, IReadOnlyList<QueueStatistics> queues) => printer.Table(
        [
            .. queues.Select(one => new JsonObject
            {
                ["queue"] = one.Queue,
                ["messages"] = one.Messages,
                ["visible"] = one.Visible,
                ["hidden"] = one.Hidden,
                ["dead"] = one.Dead,
                ["bytes"] = one.Bytes,
                ["oldestVisibleAge"] = one.OldestVisibleAge,
                ["inserted"] = one.Inserted,
                ["claimed"] = one.Claimed,
                ["deleted"] = one.Deleted,
                ["expired"] = one.Expired,
            }),
        ],
        ("queue", "queue"),
        ("messages", "messages"),
        ("visible", "visible"),
        ("hidden", "hidden"),
        ("dead", "dead"),
        ("oldest, s", "oldestVisibleAge"),
        ("put", "inserted"),
        ("claimed", "claimed"),
        ("deleted", "deleted"),
        ("expired", "expired"));
}
