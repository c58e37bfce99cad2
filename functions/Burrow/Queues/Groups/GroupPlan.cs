using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Groups;

/// <summary>
/// What changes of messages of one group, in one transaction, mean for the others of the group (docs/design/groups.md). Whatever makes
/// room fills it in the same transaction, in the order of insertion.
/// </summary>
internal sealed class GroupPlan
{
    /// <summary>Operations that make one message ready: its row in line and the row by id, and its place in the group.</summary>
    private const int PromotionOperations = 4;

    private const string TouchedColumn = "touched";

    private readonly MessageState?[] afters;
    private readonly QueuePolicy policy;
    private readonly List<MessageWrite> promotions = [];

    /// <summary>Which of the changed messages come back from the dead.</summary>
    private readonly List<int> arrivals = [];

    /// <summary>
    /// Waiting messages whose rows in the group get another ETag. When a message comes back before them, a request that read the group
    /// earlier, and makes one of these ready, must not commit. And one that passes over expired ones must not commit if a message came
    /// back before them.
    /// </summary>
    private readonly List<(Sequence Sequence, string ETag)> touched = [];

    private long ready;
    private long held;

    /// <summary>Whether one of the changed messages begins to wait.</summary>
    private bool waits;

    private GroupPlan(MessageState?[] afters, QueuePolicy policy) => (this.afters, this.policy) = (afters, policy);

    /// <summary>The state of each changed message afterwards: whether it waits, and whether it holds the group back, is settled.</summary>
    public IReadOnlyList<MessageState?> Afters => afters;

    /// <summary>The messages that are made ready.</summary>
    public IReadOnlyList<MessageWrite> Promotions => promotions;

    /// <summary>The operations besides those of the changed messages.</summary>
    public IReadOnlyList<Operation> Operations { get; private set; } = [];

    /// <summary>Whether there is room left for messages that wait: more than one transaction makes ready, or than were read.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>Whether another message of the group may be ready, as far as none waits before it.</summary>
    public static bool HasRoom(GroupRow row, QueuePolicy policy) =>
        (row.Held == 0 || !policy.HaltsGroupOnDead) && row.Ready < policy.GroupConcurrency;

    /// <summary>How many messages of the group may be made ready, at most.</summary>
    /// <param name="row">The group's row.</param>
    /// <param name="changes">The changed messages, before and after.</param>
    /// <param name="policy">The queue's policy.</param>
    public static int RoomOf(GroupRow row, IReadOnlyList<(MessageState Before, MessageState? After)> changes, QueuePolicy policy)
    {
        var held = row.Held - changes.Count(change => change.Before.HoldsGroup);
        var ready = row.Ready - changes.Count(change => change.Before.IsReady);
        return policy.HaltsGroupOnDead && held > 0 ? 0 : (int)Math.Clamp(policy.GroupConcurrency - ready, 0, GroupLimits.Promoted);
    }

    /// <param name="view">The group as it was read.</param>
    /// <param name="changes">The changed messages, before and after. None of them is in the view.</param>
    /// <param name="policy">The queue's policy.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="operations">How many operations the transaction has room for, besides that on the group's row.</param>
    public static GroupPlan Of(
        GroupView view,
        IReadOnlyList<(MessageState Before, MessageState? After)> changes,
        QueuePolicy policy,
        long now,
        int operations)
    {
        var plan = new GroupPlan([.. changes.Select(change => change.After)], policy);
        plan.Leave(view.Row, changes);
        plan.Fill(view, now, Math.Max(operations, PromotionOperations));
        var changed = view.Row with { Ready = plan.ready, Held = plan.held };
        plan.Operations =
        [
            .. plan.promotions.SelectMany(write => write.Operations),
            .. plan.touched.Select(one => Operation.Merge(
                QueueKeys.WaitingPlace(view.Row.Name, one.Sequence), new(1) { { TouchedColumn, now } }, one.ETag)),
            // A message that begins to wait writes the row in any case: a removal that found none to make ready must not commit too.
            .. changed == view.Row && !plan.waits ? Array.Empty<Operation>()
                : plan is { ready: 0, held: 0, waits: false } && view is { Waiting.Count: 0, Row.ETag: not null } ? [changed.Remove()]
                : [changed.Write()],
        ];
        return plan;
    }

    /// <summary>Takes the changed messages out of the group, and counts those that hold it back from now on.</summary>
    private void Leave(GroupRow row, IReadOnlyList<(MessageState Before, MessageState? After)> changes)
    {
        (ready, held) = (row.Ready, row.Held);
        for (var i = 0; i < afters.Length; i++)
        {
            var before = changes[i].Before;
            ready -= before.IsReady ? 1 : 0;
            held -= before.HoldsGroup ? 1 : 0;
            if (afters[i] is not { } after)
                continue;
            if (after.DiedAt != 0 && before.DiedAt == 0)
                afters[i] = after with { HoldsGroup = policy.HaltsGroupOnDead };
            else if (after.DiedAt == 0 && before.DiedAt != 0)
                arrivals.Add(i);
            held += afters[i]!.HoldsGroup ? 1 : 0;
        }

        (ready, held) = (Math.Max(0, ready), Math.Max(0, held));
    }

    /// <summary>Fills the room with what waits or comes back. Whatever finds no room keeps back those behind it.</summary>
    private void Fill(GroupView view, long now, int left)
    {
        var isOpen = held == 0 || !policy.HaltsGroupOnDead;
        var line = view.Waiting.Select(one => (one.Sequence, Waiting: (WaitingMessage?)one, Arrival: -1))
            .Concat(arrivals.Select(i => (afters[i]!.Sequence, (WaitingMessage?)null, Arrival: i)))
            .OrderBy(one => one.Item1);
        var last = view.Waiting.Count > 0 ? view.Waiting[^1].Sequence : Sequence.None;
        WaitingMessage? expired = null;
        var passed = new List<(Sequence, string)>();
        var (isFull, isBefore) = (false, false);
        foreach (var (sequence, waiting, arrival) in line)
        {
            isFull |= !isOpen || ready >= policy.GroupConcurrency || (view.HasMore && sequence > last);
            if (arrival >= 0)
            {
                afters[arrival] = afters[arrival]! with { IsWaiting = isFull };
                waits |= isFull;
                isBefore = isFull;
                ready += isFull ? 0 : 1;
            }
            else if (isFull || waiting is not { Row: { } row } || left < PromotionOperations || promotions.Count == GroupLimits.Promoted)
            {
                isFull = true;
                if (isBefore)
                    touched.Add((sequence, Operation.Any));
                isBefore = false;
            }
            else if (left > PromotionOperations && GroupReader.IsExpired(row.State, now))
            {
                expired = waiting;
                passed.Add((sequence, waiting.ETag));
                left--;
            }
            else
            {
                Promote(waiting, now);
                left -= PromotionOperations;
            }
        }

        // Where all that waits has expired, one of them stands for the group until the timer removes it: what waits has a ready one in
        // front.
        if (ready == 0 && isOpen && expired is not null)
        {
            Promote(expired, now);
            passed.RemoveAt(passed.Count - 1);
        }

        HasLeft = isOpen && ready < policy.GroupConcurrency
            && (view.HasMore || view.Waiting.Count > promotions.Count + passed.Count);
        // Only what is made ready behind those matters.
        if (promotions.Count > 0)
            touched.AddRange(passed);
    }

    private void Promote(WaitingMessage waiting, long now)
    {
        var row = waiting.Row!;
        promotions.Add(MessageWrite.Promote(row, row.State.Promoted(now), waiting.ETag));
        ready++;
    }
}
