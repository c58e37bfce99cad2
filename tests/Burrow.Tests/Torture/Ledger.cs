namespace Burrow.Tests.Torture;

/// <summary>A message as a list shows it.</summary>
internal sealed record Listed(string Id, string Body, bool Expires);

/// <summary>A put whose answer is awaited.</summary>
/// <param name="Id">Whose.</param>
/// <param name="Version">Of the body; also the instant, by the ledger's clock, at which it was asked for.</param>
/// <param name="Asked">When it was asked for.</param>
/// <param name="Ttl">In seconds; 0: for ever.</param>
internal sealed record PendingPut(string Id, long Version, DateTime Asked, int Ttl);

/// <summary>
/// What the clients of one queue know of it: what was acknowledged, and what has no answer and so may have happened or not. From
/// that follows, of each message, whether it must, may or must not be there.
/// </summary>
/// <remarks>
/// A put answers 201 only where the message wasn't there and a delete 200 only where it was, so in whatever order answers
/// come, a message whose every request was answered is there exactly if it was created once more than it was removed.
/// </remarks>
internal sealed class Ledger
{
    private readonly Dictionary<string, LedgerEntry> entries = [];
    private readonly Lock gate = new();
    private long clock;
    private int lost;

    /// <summary>How many requests are without an answer.</summary>
    public int Unanswered
    {
        get
        {
            lock (gate)
                return lost + entries.Values.Sum(entry => entry.Removals + (entry.Pending is null ? 0 : 1));
        }
    }

    public PendingPut Put(string id, int ttl)
    {
        lock (gate)
            return EntryOf(id).Pending = new(id, ++clock, DateTime.UtcNow, ttl);
    }

    public void Stored(PendingPut put, bool created)
    {
        lock (gate)
        {
            var entry = entries[put.Id];
            entry.Pending = null;
            entry.Version = put.Version;
            entry.Expire(put);
            if (created)
            {
                entry.Lives++;
                (entry.Begun, entry.Answered) = (put.Version, ++clock);
            }
        }
    }

    /// <summary>Somebody asks for a message to be removed. Until it is known whether it was, it may have been.</summary>
    public void Remove(string id)
    {
        lock (gate)
            EntryOf(id).Removals++;
    }

    public void Removed(string id, bool there)
    {
        lock (gate)
        {
            entries[id].Removals--;
            entries[id].Lives -= there ? 1 : 0;
        }
    }

    /// <summary>Somebody asks for any messages. Until he has an answer, they may be gone.</summary>
    public void Take(int max)
    {
        lock (gate)
            lost += max;
    }

    public void Taken(int max, IReadOnlyCollection<string> ids)
    {
        lock (gate)
        {
            lost -= max;
            foreach (var id in ids)
                entries[id].Lives--;
        }
    }

    /// <summary>
    /// Holds all of it against what is there, when nobody is at it any more; from then on, that is what is known.
    /// </summary>
    /// <param name="list">All messages, hidden ones too, in the queue's order.</param>
    /// <param name="from">When the list was asked for.</param>
    public void Judge(IReadOnlyList<Listed> list, DateTime from)
    {
        lock (gate)
        {
            var until = DateTime.UtcNow;
            list.Select(message => message.Id).ShouldBeUnique();
            var there = list.ToDictionary(message => message.Id);
            foreach (var id in there.Keys)
                entries.ShouldContainKey(id, "Nobody put it.");
            var (taken, unexplained) = (0, new List<string>());
            foreach (var (id, entry) in entries)
            {
                var more = there.TryGetValue(id, out var message)
                    ? entry.JudgePresent(id, TenantBody.VersionOf(id, message.Body), from)
                    : entry.JudgeAbsent(id, until);
                taken += more;
                if (more > 0)
                    unexplained.Add(id);
            }

            // Requests without an answer that take whatever is first may have taken so many.
            taken.ShouldBeLessThanOrEqualTo(lost, $"lost: {string.Join(", ", unexplained)}");
            Settle(there);
            JudgeOrder(list);
        }
    }

    private LedgerEntry EntryOf(string id)
    {
        if (!entries.TryGetValue(id, out var entry))
            entries[id] = entry = new();
        return entry;
    }

    /// <summary>What was asked for when another had been acknowledged stands behind it.</summary>
    private void JudgeOrder(IReadOnlyList<Listed> list)
    {
        var latest = (Id: "", Begun: 0L);
        foreach (var (id, _, _) in list)
        {
            var entry = entries[id];
            entry.Answered.ShouldBeGreaterThan(latest.Begun, $"{id} was acknowledged before {latest.Id} was put, and stands behind it.");
            if (entry.Begun > latest.Begun)
                latest = (id, entry.Begun);
        }
    }

    private void Settle(Dictionary<string, Listed> there)
    {
        lost = 0;
        clock++;
        foreach (var (id, entry) in entries.ToList())
        {
            if (there.TryGetValue(id, out var message))
                entry.Settle(TenantBody.VersionOf(id, message.Body), clock);
            else
                entries.Remove(id);
        }
    }
}
