using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Queues.Rows;
using Burrow.Queues.Settings;
using Burrow.Simulation.World;
using Burrow.Tables;

namespace Burrow.Simulation.Relays;

/// <summary>Compares what one side of a mirror holds with the copies of it that the other side holds.</summary>
/// <param name="from">The side whose messages are mirrored.</param>
/// <param name="to">The other side.</param>
/// <param name="scheduler">The world.</param>
internal sealed class MirrorJudge(Side from, Side to, Scheduler scheduler)
{
    /// <summary>How far apart two clocks may be, and two looks.</summary>
    private static readonly long Skew = TimeSpan.FromSeconds(11).Ticks;

    /// <summary>Longer than anything is hidden here.</summary>
    private static readonly long LongestHide = TimeSpan.FromHours(1).Ticks;

    /// <summary>Whether the other side may have removed and changed what came to it.</summary>
    public bool MayLack { get; init; }

    /// <summary>Whether a message that died by time, and is not buried yet, counts as equal: no row says so before.</summary>
    public bool DiesWithBurial { get; init; }

    /// <summary>The messages that died by time, and are not buried yet, perhaps long after they are gone.</summary>
    private readonly HashSet<long> unburied = [];

    /// <summary>What differs in a queue. What expires just now counts as equal.</summary>
    public List<Difference> DifferencesOf(QueueAddress queue)
    {
        unburied.Clear();
        var originals = Read(from, queue).Where(one => one.Origin is null).ToDictionary(one => one.State.Sequence.Value);
        var copies = Read(to, queue).Where(one => one.Origin is not null).ToDictionary(one => one.Origin!.Number);
        var found = new List<Difference>();
        foreach (var (number, original) in originals)
        {
            var id = original.State.Id.Value;
            var isExempt = MayLack || to.Judge.WasPutHere(queue.Partition, id) || IsAboutToGo(original.State)
                || from.Judge.MayHaveExpired(queue.Partition, number) || from.Judge.WasLeftOut(queue.Partition, number)
                || to.Judge.HasRemoved(queue.Partition, number)
                || (DiesWithBurial && original.Line.State.IsUnburied(Now));
            if (isExempt)
                continue;
            if (!copies.TryGetValue(number, out var copy))
                found.Add(new(id, number, "lacks", $"{original} is not there"));
            else if (copy.ToString() != original.ToString())
                found.Add(new(id, number, "differs", $"{original} is {copy} there"));
            else if (copy.State.DiedAt == 0 && copy.State.VisibleAt > Now + LongestHide)
                found.Add(new(id, number, "differs", $"{original} is hidden there"));
        }

        foreach (var (number, copy) in copies.Where(one => !originals.ContainsKey(one.Key) && !IsAboutToGo(one.Value.State)))
        {
            if (DiesWithBurial && unburied.Contains(number))
                continue;
            // A copy that died where it came to stays dead, whatever becomes of the message.
            if (MayLack && copy.State.DiedAt != 0)
                continue;
            found.Add(new(copy.State.Id.Value, number, "has", $"{copy} is there, and not here"));
        }

        return found;
    }

    /// <summary>Whether the relay has looked through a queue, so that what it has to send is all noted.</summary>
    public bool IsPrepared(QueueAddress queue) =>
        new RelayTable(from.Tables, TimeProvider.System, new(0)).ReadAsync(queue, CancellationToken.None).Result
            is { IsPrepared: true } link
        && new SettingsTable(from.Tables, TimeProvider.System, new(0)).ReadAsync(queue.Account, CancellationToken.None).Result
            .RelayOf(queue.Queue)?.Incarnation == link.Incarnation;

    private long Now => Instance.Start + scheduler.Now;

    private bool IsAboutToGo(MessageState state) => state.ExpiresAt - Skew < Now;

    private List<Held> Read(Side side, QueueAddress queue)
    {
        var table = side.Tables.Open(QueueContext.MessagesTable);
        var held = new List<Held>();
        string? continuation = null;
        do
        {
            var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore) { Continuation = continuation };
            var page = table.QueryAsync(queue.Partition, query, CancellationToken.None).Result;
            held.AddRange(page.Rows.Select(row => Of(MessageState.From(row.Columns))).OfType<Held>());
            continuation = page.Continuation;
        }
        while (continuation is not null);
        return held;

        Held? Of(MessageState state)
        {
            if (side == from && state.IsUnburied(Now))
                unburied.Add(state.Sequence.Value);
            if (state.LifeAt(Now) == MessageLife.None
                || table.GetAsync(queue.Partition, state.LineKey, CancellationToken.None).Result is not { } found)
            {
                return null;
            }

            var line = MessageRow.From(found);
            var body = BodyChunks.ReadAsync(table, queue.Partition, line, CancellationToken.None).Result!;
            return new(state.IsUnburied(Now) ? state.Buried() : state, line, Convert.ToBase64String(body)) { Origin = line.Origin };
        }
    }

    private sealed record Held(MessageState State, MessageRow Line, string Body)
    {
        public Origin? Origin { get; init; }

        public override string ToString() =>
            $"{State.Id} (priority {State.Priority}, group {State.Group}, type {Line.ContentType}, inserted {State.Inserted}, "
            + $"expires {State.ExpiresAt}, died {State.DiedAt}, {string.Join(',', State.DiedAt == 0 ? [] : Line.Causes)}, "
            + $"{Body[..Math.Min(20, Body.Length)]}, {Body.Length})";
    }
}

/// <summary>A message that the two sides of a mirror do not hold alike.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Number">Its number.</param>
/// <param name="Kind">What the other side does: it lacks the message, has it otherwise, or has it though it is gone.</param>
/// <param name="Text">The same in words.</param>
internal sealed record Difference(string Id, long Number, string Kind, string Text);
