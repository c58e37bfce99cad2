using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Simulation.Judging;

/// <summary>
/// Judges the events: each is written in the transaction that it reports on, and its row stays until the sink has taken it.
/// </summary>
/// <param name="announces">Whether there are subscribers, who want every event.</param>
internal sealed class EventsJudge(bool announces)
{
    private readonly HashSet<(string Partition, string Key)> committed = [];
    private readonly HashSet<(string Partition, string Key)> told = [];

    /// <summary>Judges events that the sink has taken.</summary>
    public void Told(IReadOnlyList<(QueueAddress Queue, OutboxRow Row)> events)
    {
        foreach (var (queue, row) in events)
        {
            Require(committed.Contains((queue.Partition, row.Key)), $"{row.Key} was told, and never happened.");
            told.Add((queue.Partition, row.Key));
        }
    }

    /// <summary>Judges the events of a transaction.</summary>
    /// <param name="queue">The queue whose messages it changes.</param>
    /// <param name="operations">All operations of the transaction.</param>
    /// <param name="effects">What it did.</param>
    public void Committed(QueueAddress queue, IReadOnlyList<Operation> operations, Effects effects)
    {
        var created = new HashSet<Sequence>();
        var gone = new HashSet<Sequence>();
        var dead = new HashSet<Sequence>();
        foreach (var operation in operations.Where(operation => operation.Key.StartsWith(QueueKeys.EventsFrom, StringComparison.Ordinal)))
        {
            if (operation.Kind == OperationKind.Delete)
            {
                Require(told.Contains((queue.Partition, operation.Key)), $"{operation.Key} was deleted before it was published.");
                continue;
            }

            committed.Add((queue.Partition, operation.Key));
            var sequence = Sequence.TryParse(operation.Key[2..18])!.Value;
            var kind = operation.Columns!.GetString("type") switch
            {
                EventTypes.MessageCreated => created,
                EventTypes.MessageDead => dead,
                _ => gone,
            };
            kind.Add(sequence);
        }

        Require(
            !announces || effects.Put.All(message => created.Contains(message.Sequence)),
            "A message was put, and it isn't to be told.");
        Require(
            !announces || effects.Replaced.All(message => gone.Contains(message.Sequence)),
            "A message expired and was replaced, and it isn't to be told.");
        Require(!announces || effects.Died.All(message => dead.Contains(message.Sequence)), "A message died, and it isn't to be told.");
        Require(dead.IsSubsetOf(effects.Died.Select(message => message.Sequence)), "Something is to be told as dead that isn't.");
        Require(created.IsSubsetOf(effects.Put.Select(message => message.Sequence)), "A put is to be told that there wasn't.");
        Require(gone.IsSubsetOf(effects.Expired.Select(message => message.Sequence)), "Something is to be told as expired that isn't.");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new Violation(otherwise);
    }
}

/// <summary>What a transaction did that has events.</summary>
internal sealed class Effects
{
    /// <summary>The new messages that it put.</summary>
    public List<MessageTimeline> Put { get; } = [];

    /// <summary>The messages that it removed and that had expired.</summary>
    public List<MessageTimeline> Expired { get; } = [];

    /// <summary>Of the expired messages, those that it replaced with another message.</summary>
    public List<MessageTimeline> Replaced { get; } = [];

    /// <summary>The messages that died by it, or that it buried.</summary>
    public List<MessageTimeline> Died { get; } = [];
}
