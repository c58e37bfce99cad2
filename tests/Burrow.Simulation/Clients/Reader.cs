using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Simulation.Judging;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Clients;

/// <summary>Follows a queue from its beginning: by the cursor, or by the last id as its marker.</summary>
internal sealed class Reader(Scheduler scheduler, Requests requests, Chance chance, QueueTimeline queue, bool byCursor)
{
    private readonly List<(Sequence Last, Span Span)> passes = [];
    private readonly HashSet<Sequence> seen = [];
    private Sequence last;
    private MessageId? marker;
    private bool stopped;

    public async Task RunAsync()
    {
        while (!stopped)
        {
            await ReadAsync(TimeSpan.FromSeconds(chance.Below(0, 20)));
            await scheduler.DelayAsync(TimeSpan.FromSeconds(1 + 3 * chance.Part()));
        }
    }

    public void Stop() => stopped = true;

    /// <summary>Reads to the end, and judges that it missed no message. Each read judges that it saw no message twice.</summary>
    public async Task FinishAsync()
    {
        while (await ReadAsync(TimeSpan.Zero))
        {
            // There was more.
        }

        foreach (var message in queue.Messages.Where(message => message.Sequence <= last && !seen.Contains(message.Sequence)))
        {
            var pass = passes.Find(pass => pass.Last >= message.Sequence);
            var there = message.Inserted > pass.Span.From ? pass.Span.Within(message.Inserted, pass.Span.To) : pass.Span;
            if (message.Inserted > pass.Span.To || message.AlwaysMatches(there, matchHidden: false))
            {
                throw new Violation(
                    $"A reader of {queue.Address.Queue} never saw {message.Id} ({message.Sequence}), "
                    + $"put at {message.Inserted.Order}, passed by {pass.Span.To.Order}.");
            }
        }
    }

    /// <returns>Whether the list had a message.</returns>
    private async Task<bool> ReadAsync(TimeSpan wait)
    {
        // A list by a marker whose message has expired starts from the beginning.
        var usesMarker = !byCursor && marker is not null && queue.Find(last) is { } there
            && there.Ended == Moment.End && there.Latest.State.ExpiresAt == MessageState.Never;
        var selection = new MessageSelection
        {
            Detail = chance.Detail(),
            Limit = chance.Of(3) ? chance.Below(1, chance.Max) : null,
            After = usesMarker || last == Sequence.None ? null : last,
            Marker = usesMarker ? marker : null,
        };
        var (request, list) = await requests.ListAsync(queue.Address, selection, wait);
        if (list is null or { Count: 0 })
            return false;
        if (usesMarker && !queue.Find(last)!.AlwaysLive(request.Span))
        {
            // The marker's message is gone meanwhile, so the list may begin anywhere. A cursor stays valid for ever.
            marker = null;
            return true;
        }

        foreach (var message in list.Messages)
        {
            if (!seen.Add(message.Sequence))
                scheduler.Fail(new($"A reader of {queue.Address.Queue} saw {message.Id} twice."));
        }

        (last, marker) = (list.Last, list.Messages[^1].Id);
        passes.Add((last, request.Span));
        return true;
    }
}
