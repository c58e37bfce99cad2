namespace Burrow.Tests.Torture;

/// <summary>A message as a list shows it.</summary>
internal sealed record Listed(string Id, string Body, bool Expires);

/// <summary>A put that has no response yet.</summary>
/// <param name="Id">The message's id.</param>
/// <param name="Version">The version of the body. It is also the time of the request, by the ledger's clock.</param>
/// <param name="Asked">When the client made the request.</param>
/// <param name="Ttl">In seconds; 0 means that the message never expires.</param>
internal sealed record PendingPut(string Id, long Version, DateTime Asked, int Ttl);

/// <summary>
/// What the clients of one queue know about it. Some requests are acknowledged; others have no response, so they may have
/// happened or not. From that the ledger concludes for each message whether it must, may or must not be there.
/// </summary>
/// <remarks>
/// A put returns 201 only if the message was not there, and a delete returns 200 only if it was. So the order of the responses
/// does not matter. A message whose every request has a response is there exactly if it was created once more than it was
/// removed.
/// </remarks>
internal sealed class Ledger
{
    private readonly Dictionary<string, LedgerEntry> entries = [];
    private readonly Lock gate = new();
    private long clock;
    private int lost;

    /// <summary>How many requests have no response.</summary>
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

    /// <summary>Notes that a client asks to remove a message. Until the outcome is known, the message may be gone.</summary>
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

    /// <summary>Notes that a client asks for any messages. Until the client has a response, they may be gone.</summary>
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
    /// Compares all that is known with the messages that are there, when no client is active any more. From then on, the ledger
    /// knows what is there.
    /// </summary>
    /// <param name="list">All messages, including hidden ones, in the queue's order.</param>
    /// <param name="from">When the list was requested.</param>
    public void Judge(IReadOnlyList<Listed> list, DateTime from)
    {
        lock (gate)
        {
            var until = DateTime.UtcNow;
            list.Select(message => message.Id).ShouldBeUnique();
            var there = list.ToDictionary(message => message.Id);
            foreach (var id in there.Keys)
                entries.ShouldContainKey(id, "No client put it.");
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

            // Requests without a response that take the first messages may have taken that many.
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

    /// <summary>Checks that a message put after another was acknowledged stands behind it.</summary>
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
