using Burrow.Queues.Counting;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Changing;

/// <summary>Packs changes of messages into transactions, sends them, and finds out their outcomes.</summary>
internal sealed class Transactions(QueueContext context, DueTable due, ProcessCounts counts, IEventOutbox outbox)
{
    private const int MaxResends = 2;

    /// <summary>The number of changes, from <paramref name="from"/> on, that fit in one transaction; at least one.</summary>
    public static int Fit(IReadOnlyList<MessageWrite> writes, int from)
    {
        var (operations, bytes, count) = (0, 0L, 0);
        for (var i = from; i < writes.Count; i++, count++)
        {
            operations += writes[i].Operations.Count;
            bytes += writes[i].Operations.Sum(TableLimits.SizeOf);
            if (count > 0 && (operations > TableLimits.TransactionOperations || bytes > QueueLimits.TransactionBytes))
                break;
        }

        return count;
    }

    /// <summary>
    /// Carries out changes of messages in as few transactions as can hold them, in parallel. If another request changed a message
    /// first, that change is left out. The other changes of its transaction are sent again without it.
    /// </summary>
    /// <returns>The outcome of each change, in the order of <paramref name="changes"/>.</returns>
    public async Task<CommitOutcome[]> CommitAllAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> changes, CancellationToken cancellationToken)
    {
        var writes = await WithDeathsAsync(queue, changes, cancellationToken);
        var outcomes = new CommitOutcome[writes.Count];
        var packs = new List<Task>();
        for (var from = 0; from < writes.Count;)
        {
            var count = Fit(writes, from);
            packs.Add(CommitPackAsync(from, count));
            from += count;
        }

        await Task.WhenAll(packs);
        return outcomes;

        async Task CommitPackAsync(int from, int count)
        {
            var rest = Enumerable.Range(from, count).ToList();
            for (var refusals = 1; rest.Count > 0; refusals++)
            {
                var (outcome, failed) = await SubmitAsync(queue, [.. rest.Select(i => writes[i])], cancellationToken);
                if (outcome == CommitOutcome.Conflict && failed >= 0)
                {
                    outcomes[rest[failed]] = CommitOutcome.Conflict;
                    rest.RemoveAt(failed);
                    // A request that was faster with some of the messages was probably faster with the others, too.
                    if (refusals <= MaxResends)
                        continue;
                }

                foreach (var i in rest)
                    outcomes[i] = outcome == CommitOutcome.Conflict ? CommitOutcome.Aborted : outcome;
                return;
            }
        }
    }

    /// <summary>Carries out changes of messages in one transaction.</summary>
    /// <returns>
    /// The outcome and, if the transaction was refused, the index of the change whose condition failed; -1 if that is not known.
    /// </returns>
    public async Task<(CommitOutcome Outcome, int Failed)> CommitAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> writes, CancellationToken cancellationToken) =>
        await SubmitAsync(queue, await WithDeathsAsync(queue, writes, cancellationToken), cancellationToken);

    /// <summary>Adds the event of each death, if a subscription wants it.</summary>
    private async ValueTask<IReadOnlyList<MessageWrite>> WithDeathsAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> writes, CancellationToken cancellationToken)
    {
        if (!writes.Any(write => write.Killed is not null)
            || !(await outbox.GetKindsAsync(queue, cancellationToken)).HasFlag(EventKinds.Dead))
        {
            return writes;
        }

        return
        [
            .. writes.Select(write => write.Killed is { } row
                ? write.WithEvent(outbox.NewMessageDead(queue, write.After!, row, write.Causes))
                : write),
        ];
    }

    private async Task<(CommitOutcome Outcome, int Failed)> SubmitAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> writes, CancellationToken cancellationToken)
    {
        SubmitResult result;
        var now = context.Now;
        try
        {
            await due.ScheduleAsync(queue, [.. writes.SelectMany(write => write.Due(now))], cancellationToken);
            // The submit is not cancelled: once the transaction is sent, this method must find out its outcome.
            result = await context.Messages.SubmitAsync(
                queue.Partition, [.. writes.SelectMany(write => write.Operations)], CancellationToken.None);
        }
        catch (TableUnavailableException e)
        {
            context.Logger.OutcomeUnknown(e.Message);
            return (CommitOutcome.Unknown, -1);
        }

        var outcome = result.Committed ? CommitOutcome.Done : CommitOutcome.Conflict;
        if (result.Uncertain)
            outcome = await ResolveAsync(queue, writes);
        if (outcome == CommitOutcome.Done)
        {
            counts.Add(queue, writes.Aggregate(QueueCounts.None, (sum, write) => sum + CountChange.Of(write, now)));
            Instruments.Died.Add(writes.Count(write => write.Killed is not null));
            Publish(queue, writes);
        }

        return (outcome, outcome == CommitOutcome.Conflict && !result.Uncertain ? IndexOf(writes, result.FailedIndex) : -1);
    }

    /// <summary>
    /// Finds out the outcome after a refusal that this request's own earlier attempt may have caused. If a message's history holds this
    /// request's revision, the transaction was committed. If it holds only the revision before, the transaction was not committed. One
    /// message decides for the whole transaction.
    /// </summary>
    private async Task<CommitOutcome> ResolveAsync(QueueAddress queue, IReadOnlyList<MessageWrite> writes)
    {
        try
        {
            foreach (var write in writes)
            {
                var row = await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(write.Before.Id), CancellationToken.None);
                if (row is null || MessageState.From(row.Columns) is not { } found || found.Sequence != write.Before.Sequence)
                    continue;
                // A promotion keeps the revision, so the row does not show which process made it.
                if (write.After is { } after
                    && after.Revisions != write.Before.Revisions
                    && found.Revisions.Contains(after.Revisions.Latest))
                {
                    return CommitOutcome.Done;
                }

                if (found.Revisions.Contains(write.Before.Revisions.Latest))
                    return CommitOutcome.Conflict;
            }
        }
        catch (TableUnavailableException)
        {
            // The outcome is unknown, as returned below.
        }

        return CommitOutcome.Unknown;
    }

    private void Publish(QueueAddress queue, IReadOnlyList<MessageWrite> writes)
    {
        var events = writes.Select(write => write.Event).OfType<OutboxRow>().ToList();
        if (events.Count > 0)
            outbox.Publish(queue, events);
    }

    private static int IndexOf(IReadOnlyList<MessageWrite> writes, int operation)
    {
        for (var i = 0; operation >= 0 && i < writes.Count; i++)
        {
            if (operation < writes[i].Operations.Count)
                return i;
            operation -= writes[i].Operations.Count;
        }

        return -1;
    }
}
