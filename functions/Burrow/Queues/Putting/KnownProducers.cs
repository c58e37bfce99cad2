using Burrow.Queues.Producers;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using PendingPut = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.PutRequest, Burrow.Queues.PutResult>;

namespace Burrow.Queues.Putting;

/// <summary>
/// The producers of a queue as this process last wrote or read them. Like the head, a row may be out of date: storage checks its ETag when
/// it is used. What tells a client that nothing is stored must be known for certain: from a read since the request came.
/// </summary>
internal sealed class KnownProducers(QueueContext context, DueTable due, QueueAddress queue)
{
    private const int MaxKnown = 1000;

    private readonly Dictionary<ProducerName, ProducerRow> known = [];

    /// <summary>Those that were read, or written, since the group under way began.</summary>
    private readonly HashSet<ProducerName> certain = [];

    /// <summary>Begins a group: all its requests have come.</summary>
    public void BeginGroup()
    {
        certain.Clear();
        if (known.Count > MaxKnown)
            known.Clear();
    }

    /// <summary>Reads the producers of puts, where what is known is not enough to judge them, and raises their epochs.</summary>
    public async Task ReadAsync(IEnumerable<PendingPut> puts)
    {
        foreach (var request in puts.Select(pending => pending.Request))
        {
            if (request.Relayed?.Own is { } own
                && (!known.TryGetValue(own.Producer, out var there) || (!certain.Contains(own.Producer) && own.Number <= there.State.Last)))
            {
                await LearnAsync(own.Producer);
            }

            if (request.Number is not { } number)
                continue;
            if (!known.TryGetValue(number.Producer, out var row) || (!certain.Contains(number.Producer) && IsRefused(number, row.State)))
            {
                row = await LearnAsync(number.Producer);
            }

            if (number.Epoch > row.State.Epoch)
                await RaiseAsync(row, number.Epoch);
        }
    }

    /// <summary>A producer; null: it must be read.</summary>
    public ProducerRow? Find(ProducerName name) => known.GetValueOrDefault(name);

    /// <summary>Notes what a transaction wrote.</summary>
    public void Wrote(ProducerRow row)
    {
        known[row.State.Name] = row;
        certain.Add(row.State.Name);
    }

    /// <summary>Forgets a producer that storage knows otherwise.</summary>
    public void Forget(ProducerName name)
    {
        known.Remove(name);
        certain.Remove(name);
    }

    private async Task<ProducerRow> LearnAsync(ProducerName name)
    {
        var row = await ProducerRow.ReadAsync(context, queue, name, CancellationToken.None);
        known[name] = row;
        certain.Add(name);
        return row;
    }

    private static bool IsRefused(ProducerNumber number, ProducerState state) =>
        number.Epoch < state.Epoch || number.Number <= state.Last || (number.Previous is { } previous && !(state.Last >= previous));

    /// <summary>A higher epoch holds also if nothing of it is stored.</summary>
    private async Task RaiseAsync(ProducerRow row, long epoch)
    {
        var raised = row.With(row.State with { Epoch = epoch }, context.Time.GetUtcNow());
        await due.ScheduleAsync(queue, [raised.ExpiresAt], CancellationToken.None);
        var result = await context.Messages.SubmitAsync(queue.Partition, raised.Write(row), CancellationToken.None);
        if (result.Committed)
            Wrote(raised with { ETag = result.ETags[0] });
        else
            Forget(row.State.Name);
    }
}
