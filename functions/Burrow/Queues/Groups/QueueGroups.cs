using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Groups;

/// <summary>
/// The groups of a queue's messages: those of one group are handed out in the order of insertion, as many at a time as the queue's policy
/// allows (docs/design/groups.md).
/// </summary>
public sealed class QueueGroups
{
    /// <summary>Pages that one answer reads at most.</summary>
    private const int MaxPages = 100;

    private readonly QueueContext context;

    internal QueueGroups(QueueContext context) => this.context = context;

    /// <summary>
    /// The groups that have messages, in an order of their own that does not change. It is not the order of their names.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="marker">Only groups behind this one, whether it is there or not; null: from the start.</param>
    /// <param name="limit">At most this many; null: <see cref="QueueLimits.AnswerItems"/>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The groups, and whether there may be more.</returns>
    public async Task<(IReadOnlyList<GroupState> Groups, bool More)> ListAsync(
        QueueAddress queue, GroupName? marker, int? limit, CancellationToken cancellationToken)
    {
        var max = Math.Min(limit ?? QueueLimits.AnswerItems, QueueLimits.AnswerItems);
        var groups = new List<GroupState>();
        var (pages, more) = (0, false);
        var query = new RowQuery(marker is { } last ? QueueKeys.GroupBefore(last) : QueueKeys.GroupsFrom, QueueKeys.GroupsBefore);
        while (true)
        {
            var page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            foreach (var row in page.Rows)
            {
                if (!GroupRow.IsGroup(row))
                    groups[^1] = groups[^1] with { Waiting = groups[^1].Waiting + 1 };
                else if (GroupRow.From(row) is var group)
                    groups.Add(new(group.Name, group.Ready, 0, group.Held, []));
            }

            if (groups.Count > max)
            {
                more = limit is null || limit > max;
                break;
            }

            if (page.Continuation is null)
                break;
            if (++pages == MaxPages)
            {
                // The last group is not counted to its end.
                more = groups.Count > 1;
                max = Math.Max(1, groups.Count - 1);
                break;
            }

            // A group of which very many wait is not counted to its end.
            query = groups.Count > 0 && groups[^1].Waiting >= GroupLimits.Counted
                ? new(QueueKeys.GroupBefore(groups[^1].Name), QueueKeys.GroupsBefore)
                : query with { Continuation = page.Continuation };
        }

        var shown = groups.Take(max).Select(group => group with { Waiting = Math.Min(group.Waiting, GroupLimits.Counted) }).ToList();
        return (shown.Exists(group => group.Held > 0) ? await WithDeadAsync(queue, shown, cancellationToken) : shown, more);
    }

    /// <summary>Adds the ids of the dead messages that hold the groups back.</summary>
    private async Task<IReadOnlyList<GroupState>> WithDeadAsync(
        QueueAddress queue, List<GroupState> groups, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        var query = new RowQuery(QueueKeys.HoldersFrom, QueueKeys.HoldersBefore);
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            rows.AddRange(page.Rows);
            if (rows.Count >= GroupLimits.Dead)
                break;
        }

        var dead = rows.ToLookup(
            row => row.Columns.GetString(MessageColumns.Group)!, row => new MessageId(row.Columns.GetString(MessageColumns.Id)!));
        return groups.ConvertAll(group => group with { Dead = [.. dead[group.Name.Value]] });
    }
}
