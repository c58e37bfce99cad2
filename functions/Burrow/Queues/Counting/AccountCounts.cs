namespace Burrow.Queues.Counting;

/// <summary>What this process knows of one account.</summary>
internal sealed class AccountCounts
{
    private readonly Lock gate = new();

    /// <summary>Sums that are being written.</summary>
    private readonly Dictionary<QueueName, QueueCounts> taken = [];

    /// <summary>Sums of what was done and is not being written yet.</summary>
    private Dictionary<QueueName, QueueCounts> pending = [];

    /// <summary>What each queue holds: as it was read, and what was done since; null: no request asked for it.</summary>
    private Dictionary<QueueName, QueueCounts>? held;

    private Task? reading;

    /// <summary>Queues whose rows are being corrected.</summary>
    private readonly HashSet<QueueName> correcting = [];

    /// <summary>Queues whose rows this process was writing or correcting at some time during the read that is under way.</summary>
    private HashSet<QueueName> doubtful = [];
    private AccountUsage usage;
    private long readAt;
    private long askedAt;
    private bool closed;

    /// <summary>Whether a first read has ended.</summary>
    public bool IsKnown
    {
        get
        {
            lock (gate)
                return held is not null;
        }
    }

    /// <summary>What was done and is not in the table, as far as is known.</summary>
    public Dictionary<QueueName, QueueCounts> Unwritten
    {
        get
        {
            lock (gate)
            {
                var all = new Dictionary<QueueName, QueueCounts>(taken);
                foreach (var (queue, count) in pending)
                    all[queue] = all.GetValueOrDefault(queue) + count;
                return all;
            }
        }
    }

    public bool TryAdd(QueueName queue, QueueCounts count)
    {
        lock (gate)
        {
            if (closed)
                return false;
            pending[queue] = pending.GetValueOrDefault(queue) + count;
            if (held is not null)
                Hold(queue, count);
            return true;
        }
    }

    /// <summary>Notes that a request asks for the usage. False if this object was closed.</summary>
    public bool TryLook(TimeProvider time)
    {
        lock (gate)
        {
            askedAt = time.GetTimestamp();
            return !closed;
        }
    }

    /// <summary>The read that is under way, or a new one if it is time for one; otherwise null.</summary>
    public Task? BeginReading(TimeProvider time, Func<Task> read)
    {
        lock (gate)
        {
            if (reading is { IsCompleted: false })
                return reading;
            if (held is not null && time.GetElapsedTime(readAt) < QueueLimits.UsageFreshness)
                return null;
            return reading = read();
        }
    }

    /// <summary>Notes that the table is read from now on.</summary>
    public void BeginKnowing()
    {
        lock (gate)
            doubtful = [.. taken.Keys, .. correcting];
    }

    /// <summary>
    /// Takes over what was read from the table since <see cref="BeginKnowing"/>. Of the queues whose rows this process wrote meanwhile, it
    /// keeps what it knew before: the rows may hold what it wrote, or not.
    /// </summary>
    public void Know(IEnumerable<(QueueName Queue, QueueCounts Count)> stored, TimeProvider time)
    {
        lock (gate)
        {
            var known = held;
            var own = pending.Concat(taken).Select(one => (one.Key, one.Value));
            (held, usage, readAt) = ([], default, time.GetTimestamp());
            foreach (var (queue, count) in stored.Concat(own).Where(one => known is null || !doubtful.Contains(one.Item1)))
                Hold(queue, count);
            if (known is null)
                return;
            foreach (var queue in doubtful)
                Hold(queue, known.GetValueOrDefault(queue));
        }
    }

    /// <summary>The read failed: what was known before is used until the next read.</summary>
    public void GiveUp(TimeProvider time)
    {
        lock (gate)
        {
            held ??= [];
            readAt = time.GetTimestamp();
        }
    }

    public (AccountUsage Account, long InQueue) UsageOf(QueueName queue)
    {
        lock (gate)
            return (usage, Math.Max(0, held?.GetValueOrDefault(queue).Messages ?? 0));
    }

    /// <summary>Notes that a queue's row is about to be corrected, together with its pending sums.</summary>
    /// <returns>The pending sums.</returns>
    public QueueCounts BeginCorrection(QueueName queue)
    {
        lock (gate)
        {
            correcting.Add(queue);
            doubtful.Add(queue);
            return pending.GetValueOrDefault(queue);
        }
    }

    /// <summary>Ends the correction.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="written">How much of its pending sums was written.</param>
    public void EndCorrection(QueueName queue, QueueCounts written)
    {
        lock (gate)
        {
            if (pending.TryGetValue(queue, out var all))
                pending[queue] = all - written;
            correcting.Remove(queue);
        }
    }

    public List<KeyValuePair<QueueName, QueueCounts>> Take()
    {
        lock (gate)
        {
            foreach (var (queue, count) in pending)
            {
                taken[queue] = count;
                doubtful.Add(queue);
            }

            List<KeyValuePair<QueueName, QueueCounts>> all = [.. pending.OrderBy(one => one.Key.Value, StringComparer.Ordinal)];
            pending = [];
            return all;
        }
    }

    /// <summary>Ends the write of sums that were taken. If they were not written, they are pending again.</summary>
    public void Took(IEnumerable<KeyValuePair<QueueName, QueueCounts>> some, bool written)
    {
        lock (gate)
        {
            foreach (var (queue, count) in some)
            {
                taken.Remove(queue);
                if (!written)
                    pending[queue] = pending.GetValueOrDefault(queue) + count;
            }
        }
    }

    public void Forget(QueueName queue)
    {
        lock (gate)
            pending.Remove(queue);
    }

    /// <summary>Closes this object if no counts are lost by forgetting it. Nothing can be added afterwards.</summary>
    /// <returns>Whether it is closed.</returns>
    public bool Close(TimeProvider time)
    {
        lock (gate)
        {
            return closed = pending.Count == 0
                && taken.Count == 0
                && (held is null || time.GetElapsedTime(askedAt) > QueueLimits.UsageFreshness)
                && reading is not { IsCompleted: false };
        }
    }

    private void Hold(QueueName queue, QueueCounts count)
    {
        held ??= [];
        var before = held.GetValueOrDefault(queue);
        var after = before + count;
        if (after == QueueCounts.None)
            held.Remove(queue);
        else
            held[queue] = after;
        usage = new(
            usage.Messages + Math.Max(0, after.Messages) - Math.Max(0, before.Messages),
            usage.Bytes + Math.Max(0, after.Bytes) - Math.Max(0, before.Bytes),
            usage.Queues + (after.Messages > 0 ? 1 : 0) - (before.Messages > 0 ? 1 : 0));
    }
}
