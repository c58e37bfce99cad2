namespace Burrow.Queues.Waiting;

/// <summary>Wakes requests of this process that wait for the result of a message.</summary>
internal sealed class ResultSignals
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Partition, MessageId Id), (ChangeSignal Signal, int Count)> signals = [];

    /// <summary>The signal of a message, until it is disposed of.</summary>
    public Lease Enter(QueueAddress queue, MessageId id)
    {
        var key = (queue.Partition, id);
        lock (gate)
        {
            var (signal, count) = signals.TryGetValue(key, out var there) ? there : (new ChangeSignal(), 0);
            signals[key] = (signal, count + 1);
            return new(this, key, signal);
        }
    }

    /// <summary>Wakes those that wait for a message.</summary>
    public void Set(QueueAddress queue, MessageId id)
    {
        ChangeSignal? signal;
        lock (gate)
            signal = signals.TryGetValue((queue.Partition, id), out var there) ? there.Signal : null;
        signal?.Set();
    }

    private void Leave((string, MessageId) key)
    {
        lock (gate)
        {
            var (signal, count) = signals[key];
            if (count == 1)
                signals.Remove(key);
            else
                signals[key] = (signal, count - 1);
        }
    }

    /// <summary>The signal of a message, for one request.</summary>
    internal sealed class Lease(ResultSignals all, (string, MessageId) key, ChangeSignal signal) : IDisposable
    {
        public ChangeSignal Signal => signal;

        public void Dispose() => all.Leave(key);
    }
}
