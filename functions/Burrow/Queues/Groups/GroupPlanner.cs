using Burrow.Queues.Policies;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Groups;

/// <summary>
/// Plans one transaction that changes messages of groups: whatever makes room in a group makes its next messages ready
/// (docs/design/groups.md).
/// </summary>
internal sealed class GroupPlanner(QueueContext context, QueuePolicies policies, GroupReader reader)
{
    /// <summary>Operations that a change of a group may need besides its own: one message made ready, and the group's row.</summary>
    private const int ChangeOperations = 5;

    /// <summary>Operations more, if the message comes back and waits: its place in the group, and the touch of the one behind it.</summary>
    private const int ReturnOperations = 2;

    /// <summary>How many operations a change of a group may need besides its own.</summary>
    public static int OperationsOf(MessageWrite write) => ChangeOperations + MoreOf(write);

    /// <summary>Plans what changes of messages mean for their groups.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="changes">The changes. Some may be of messages without a group.</param>
    /// <param name="names">The groups to plan: those of the changes, or one whose room is to be filled.</param>
    /// <param name="others">How many operations the transaction holds besides.</param>
    /// <param name="cancellationToken">Cancels the reads.</param>
    /// <returns>Null if others change a group at the same time.</returns>
    public async Task<PlannedWrites?> PlanAsync(
        QueueAddress queue,
        IReadOnlyList<MessageWrite> changes,
        IReadOnlyList<GroupName> names,
        int others,
        CancellationToken cancellationToken)
    {
        var policy = await policies.OfAsync(queue);
        var left = (TableLimits.TransactionOperations - others - names.Count
            - changes.Sum(write => write.Operations.Count + MoreOf(write))) / names.Count;
        var indices = Enumerable.Range(0, changes.Count).Where(i => changes[i].ChangesGroup).ToLookup(i => changes[i].Before.Group!.Value);
        var plans = await Task.WhenAll(names.Select(PlanOneAsync));
        if (Array.Exists(plans, plan => plan is null))
            return null;
        var writes = changes.ToArray();
        foreach (var (name, plan) in names.Zip(plans))
        {
            foreach (var (i, planned) in indices[name].Zip(plan!.Afters))
            {
                if (planned is { } after && after != writes[i].After)
                    writes[i] = writes[i].WithAfter(after);
            }
        }

        return new(
            writes,
            [.. plans.SelectMany(plan => plan!.Promotions)],
            [.. plans.SelectMany(plan => plan!.Operations)],
            [.. names.Zip(plans).Where(one => one.Second!.HasLeft).Select(one => one.First)]);

        async Task<GroupPlan?> PlanOneAsync(GroupName name)
        {
            var of = indices[name].Select(i => (changes[i].Before, changes[i].After)).ToList();
            return await reader.ReadAsync(
                queue, name, row => GroupPlan.RoomOf(row, of, policy), of.Select(change => change.Before.Sequence).ToHashSet(),
                cancellationToken) is { } view
                ? GroupPlan.Of(view, of, policy, context.Now, left)
                : null;
        }
    }

    private static int MoreOf(MessageWrite write) =>
        write is { Before: { DiedAt: not 0, Group: not null }, After.DiedAt: 0 } ? ReturnOperations : 0;
}
