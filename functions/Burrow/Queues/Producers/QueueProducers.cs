using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;

namespace Burrow.Queues.Producers;

/// <summary>
/// The producers that number their messages (docs/design/producers.md). One that puts nothing for <see cref="ProducerLimits.Kept"/> is
/// forgotten.
/// </summary>
public sealed class QueueProducers
{
    private readonly QueueContext context;
    private readonly DueTable due;

    internal QueueProducers(QueueContext context, DueTable due) => (this.context, this.due) = (context, due);

    /// <summary>A producer; null if the queue knows none of that name.</summary>
    public async Task<ProducerState?> GetAsync(QueueAddress queue, ProducerName name, CancellationToken cancellationToken) =>
        await ProducerRow.ReadAsync(context, queue, name, cancellationToken) is var row && IsThere(row) ? row.State : null;

    /// <summary>Whether a put was stored before, so that it is a duplicate. A put without a number never is.</summary>
    public async Task<bool> IsStoredAsync(QueueAddress queue, ProducerNumber? number, CancellationToken cancellationToken) =>
        number is not null && (await GetAsync(queue, number.Producer, cancellationToken))?.Last >= number.Number;

    /// <summary>The producers of a queue, in the order of their names.</summary>
    public async Task<(IReadOnlyList<ProducerState> Producers, bool More)> ListAsync(
        QueueAddress queue, NameSelection selection, CancellationToken cancellationToken)
    {
        var rows = new List<ProducerState>();
        var query = new Tables.RowQuery(QueueKeys.ProducersFrom, QueueKeys.ProducersBefore);
        await foreach (var page in Tables.TableQueries.QueryPagesAsync(context.Messages, queue.Partition, query, cancellationToken))
            rows.AddRange(page.Rows.Select(ProducerRow.From).Where(row => row.ExpiresAt > context.Now).Select(row => row.State));
        var from = rows.Where(one => selection.Marker is not { } marker || Name.ByCodePoint.Compare(one.Name.Value, marker) > 0)
            .OrderBy(one => one.Name.Value, Name.ByCodePoint).ToList();
        var max = Math.Min(selection.Limit ?? QueueLimits.AnswerItems, QueueLimits.AnswerItems);
        return ([.. from.Take(max)], from.Count > max && selection.Limit != max);
    }

    /// <summary>Shuts out the puts of lower epochs, those too that are under way.</summary>
    /// <returns>The producer, and whether it is new.</returns>
    /// <exception cref="OutOfTurnException">A higher epoch was seen already. Nothing was changed.</exception>
    public async Task<(ProducerState Producer, bool IsNew)> PutEpochAsync(
        QueueAddress queue, ProducerName name, long epoch, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var row = await ProducerRow.ReadAsync(context, queue, name, cancellationToken);
            if (epoch < row.State.Epoch)
                throw StaleEpoch(row.State, epoch);
            if (IsThere(row) && epoch == row.State.Epoch)
                return (row.State, false);
            var raised = row.With(row.State with { Epoch = epoch }, context.Time.GetUtcNow());
            if (await SubmitAsync(queue, raised, raised.Write(row), cancellationToken))
                return (raised.State, !IsThere(row));
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>Forgets a producer: what it sends again is stored again.</summary>
    /// <returns>The producer as it was; null if there is none.</returns>
    public async Task<ProducerState?> DeleteAsync(QueueAddress queue, ProducerName name, CancellationToken cancellationToken)
    {
        ProducerState? deleted = null;
        for (var tries = 0; ; tries++)
        {
            var row = await ProducerRow.ReadAsync(context, queue, name, cancellationToken);
            // After an attempt of unknown outcome, the row may be gone.
            if (!IsThere(row))
                return deleted;
            deleted = row.State;
            // An empty queue's head is kept as long as there is a producer. The timer looks again.
            await due.ScheduleAsync(queue, [context.Now + TimeSpan.TicksPerMinute], cancellationToken);
            if ((await context.Messages.SubmitAsync(queue.Partition, row.Remove(), cancellationToken)).Committed)
                return deleted;
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>Whether what the producer sent before a put is stored, so that the put has its turn.</summary>
    /// <exception cref="OutOfTurnException">A higher epoch was seen.</exception>
    internal async Task<(bool IsTurn, long? Last)> LookAsync(
        QueueAddress queue, ProducerName name, long epoch, long previous, CancellationToken cancellationToken)
    {
        var state = (await ProducerRow.ReadAsync(context, queue, name, cancellationToken)).State;
        if (epoch < state.Epoch)
            throw StaleEpoch(state, epoch);
        return (state.Last >= previous, state.Last);
    }

    internal static OutOfTurnException StaleEpoch(ProducerState state, long epoch) => new(
        state.Last, isMissing: false, $"The producer's epoch {epoch} is over: {state.Epoch} was seen. Nothing was stored.");

    internal static OutOfTurnException Missing(ProducerState state, long previous) => new(
        state.Last,
        isMissing: true,
        $"The producer's message {previous}, which comes before this one, is not stored: "
        + $"the last one is {(state.Last is { } last ? $"{last}" : "none")}. Nothing was stored.");

    private static bool IsThere(ProducerRow row) => row.ETag is not null && (row.State.Last is not null || row.State.Used != default);

    private async Task<bool> SubmitAsync(
        QueueAddress queue, ProducerRow row, IReadOnlyList<Tables.Operation> operations, CancellationToken cancellationToken)
    {
        await due.ScheduleAsync(queue, [row.ExpiresAt], cancellationToken);
        return (await context.Messages.SubmitAsync(queue.Partition, operations, cancellationToken)).Committed;
    }
}
