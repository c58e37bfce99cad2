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

    /// <summary>How many sums were taken for writing, or came back from it.</summary>
    private long writes;
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

    /// <summary>
    /// The number of <see cref="writes"/> before a read; null: sums are being written, and nobody knows whether the read finds them.
    /// </summary>
    public long? BeforeReading
    {
        get
        {
            lock (gate)
                return taken.Count == 0 ? writes : null;
        }
    }

    /// <summary>Takes over what was read from the table.</summary>
    /// <param name="stored">The rows.</param>
    /// <param name="before"><see cref="BeforeReading"/>, as it was then.</param>
    /// <param name="time">The clock.</param>
    /// <returns>False if this process wrote sums meanwhile: nobody knows whether the rows hold them.</returns>
    public bool TryKnow(IEnumerable<(QueueName Queue, QueueCounts Count)> stored, long? before, TimeProvider time)
    {
        lock (gate)
        {
            if (before != writes)
                return false;
            Know(stored, time);
            return true;
        }
    }

    /// <summary>The same, also if the rows lack something, or have it twice.</summary>
    public void Know(IEnumerable<(QueueName Queue, QueueCounts Count)> stored, TimeProvider time)
    {
        lock (gate)
        {
            (held, usage, readAt) = ([], default, time.GetTimestamp());
            foreach (var (queue, count) in stored)
                Hold(queue, count);
            foreach (var (queue, count) in pending.Concat(taken))
                Hold(queue, count);
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

    public QueueCounts PendingOf(QueueName queue)
    {
        lock (gate)
            return pending.GetValueOrDefault(queue);
    }

    public List<KeyValuePair<QueueName, QueueCounts>> Take()
    {
        lock (gate)
        {
            foreach (var (queue, count) in pending)
                taken[queue] = count;
            List<KeyValuePair<QueueName, QueueCounts>> all = [.. pending.OrderBy(one => one.Key.Value, StringComparer.Ordinal)];
            pending = [];
            writes++;
            return all;
        }
    }

    /// <summary>Ends the write of sums that were taken. If they were not written, they are pending again.</summary>
    public void Took(IEnumerable<KeyValuePair<QueueName, QueueCounts>> some, bool written)
    {
        lock (gate)
        {
            writes++;
            foreach (var (queue, count) in some)
            {
                taken.Remove(queue);
                if (!written)
                    pending[queue] = pending.GetValueOrDefault(queue) + count;
            }
        }
    }

    /// <summary>That much of a queue's pending sums was written in another way.</summary>
    public void Written(QueueName queue, QueueCounts count)
    {
        lock (gate)
        {
            if (pending.TryGetValue(queue, out var all))
                pending[queue] = all - count;
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
