using Burrow.Queues.Producers;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;

namespace Burrow.Queues.Changing;

/// <summary>
/// Changes the copies of messages as a mirror of another deployment says (docs/design/relays.md, "Mirror"). Each transaction writes the
/// mirror's row as a producer, too: so nothing is changed any more once a higher epoch was seen.
/// </summary>
internal sealed class MirrorReceiver(
    QueueContext context, DueTable due, MessageFinder finder, Transactions transactions, Burial burial)
{
    /// <inheritdoc cref="QueueEngine.MirrorAsync"/>
    public async Task ApplyAsync(
        QueueAddress queue,
        ProducerName producer,
        long epoch,
        IReadOnlyList<RelayedChange> changes,
        CancellationToken cancellationToken)
    {
        foreach (var some in changes.Chunk(RelayLimits.Looks))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ApplySomeAsync(queue, producer, epoch, [.. some]);
        }
    }

    private async Task ApplySomeAsync(QueueAddress queue, ProducerName producer, long epoch, List<RelayedChange> rest)
    {
        var begun = context.Time.GetTimestamp();
        for (var tries = 0; rest.Count > 0;)
        {
            // Read before the messages are: if a higher epoch is seen meanwhile, the transaction is refused.
            var row = await ProducerRow.ReadAsync(context, queue, producer, CancellationToken.None);
            if (epoch < row.State.Epoch)
                throw QueueProducers.StaleEpoch(row.State, epoch);
            var plans = await Task.WhenAll(rest.Select(change => PlanAsync(queue, producer, change)));
            rest = [.. plans.Where(plan => plan.IsAgain || plan.Write is not null).Select(plan => plan.Change)];
            // Changes of one group may be in each other's way: one makes the next message ready, which changes, too.
            var planned = plans.Where(plan => plan.Write is not null)
                .DistinctBy(plan => plan.Write!.Before.Group?.Value ?? $"\0{plan.Change.Id}").ToList();
            if (planned.Count > 0)
            {
                var (outcome, count) = await CommitAsync(queue, row, epoch, planned.ConvertAll(plan => plan.Write!));
                if (outcome == CommitOutcome.Unknown)
                    throw new UnavailableException("Storage failed while messages were changed; whether they were can't be told.");
                if (outcome == CommitOutcome.Done)
                {
                    rest.RemoveAll(planned.Take(count).Select(plan => plan.Change).Contains);
                    tries = 0;
                    continue;
                }
            }

            if (rest.Count == 0)
                return;
            if (context.Time.GetElapsedTime(begun) > QueueLimits.ConflictTime)
                throw new UnavailableException("Others change these messages faster than this request could; some were not changed.");
            await context.BackOffAsync(tries++, CancellationToken.None);
        }
    }

    private async Task<(CommitOutcome Outcome, int Count)> CommitAsync(
        QueueAddress queue, ProducerRow row, long epoch, IReadOnlyList<MessageWrite> writes)
    {
        var raised = row.With(row.State with { Epoch = epoch }, context.Time.GetUtcNow());
        await due.ScheduleAsync(queue, [raised.ExpiresAt], CancellationToken.None);
        return await transactions.CommitFirstAsync(queue, writes, raised.Write(row), CancellationToken.None);
    }

    /// <summary>What there is to do for a change.</summary>
    private async Task<Plan> PlanAsync(QueueAddress queue, ProducerName producer, RelayedChange change)
    {
        var line = await finder.ReadRowAsync(queue, change.Id, MessageLife.Live | MessageLife.Dead, CancellationToken.None);
        if (line?.Origin is not { } origin || origin.Producer != producer || origin.Number != change.Number)
            return new(change);
        if (line.State.IsUnburied(context.Now))
        {
            // What is dead by time is buried first, and then changed like any other dead message.
            await burial.BuryAsync(queue, line.State, CancellationToken.None);
            return new(change) { IsAgain = true };
        }

        return new(change)
        {
            Write = change.IsGone
                ? MessageWrite.Remove(line)
                : MessageWrite.Mirror(line, line.State.Mirrored(change, context.Now, context.Random), change),
        };
    }

    /// <param name="Change">The change.</param>
    private sealed record Plan(RelayedChange Change)
    {
        /// <summary>The write that makes it; null: there is nothing to change, or it is not known yet.</summary>
        public MessageWrite? Write { get; init; }

        /// <summary>Whether the message must be read again.</summary>
        public bool IsAgain { get; init; }
    }
}
