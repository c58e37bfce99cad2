using Burrow.Queues;
using Burrow.Queues.Groups;
using Burrow.Queues.Rows;
using Burrow.Simulation.World;
using Burrow.Tables;

namespace Burrow.Simulation.Judging;

/// <summary>
/// Judges after each transaction that a group's row says what its messages are, that none waits without a reason, and that they are made
/// ready in order, and not too many of them.
/// </summary>
internal static class GroupsJudge
{
    public static void Judge(
        Instance by, Moment at, QueueTimeline queue, IReadOnlyList<Operation> operations, Func<string, Row?> get)
    {
        var policies = queue.PoliciesIn(new Span(at, at, by)).ToList();
        var groups = queue.Groups;
        foreach (var operation in operations.Where(operation => IsOfGroup(operation.Key)))
        {
            if (get(operation.Key) is { } row)
                Require(groups.Contains(GroupRow.From(row).Name), $"{GroupRow.From(row)} has no message.");
        }

        foreach (var group in groups)
        {
            var ready = group.LongCount(message => message.Latest.State.IsReady);
            var held = group.LongCount(message => message.Latest.State.HoldsGroup);
            var waiting = group.Where(message => message.Latest.State.IsWaiting).ToList();
            var row = get(QueueKeys.Group(group.Key)) is { } found ? GroupRow.From(found) : GroupRow.New(group.Key);
            Require(row.Ready == ready && row.Held == held, $"{row}, and {ready} are ready and {held} hold it.");
            Require(row.ETag is null == (ready == 0 && held == 0), $"{row} with nothing in it, or no row at all.");
            Require(waiting.Count == 0 || ready > 0 || held > 0, $"{waiting.FirstOrDefault()?.Id} waits behind nothing in {group.Key}.");
            foreach (var message in group.Where(message => message.Latest.From == at))
                JudgeChange(by, at, message, waiting, policies);
            var before = group.LongCount(message => message.Latest.From == at
                ? message.Versions.Count > 1 && message.Versions[^2].State.IsReady
                : message.Latest.State.IsReady) + queue.Messages.LongCount(message => message.Ended == at && message.Latest.State.IsReady
                    && message.Latest.State.Group == group.Key);
            Require(
                ready <= before || ready <= policies.Max(policy => policy.GroupConcurrency),
                $"{ready} messages of {group.Key} are ready, too many.");
            Require(
                ready <= before || held == 0 || policies.Exists(policy => !policy.HaltsGroupOnDead),
                $"A message of {group.Key} was made ready while a dead one holds it.");
        }
    }

    /// <summary>Whether it is a row of a group itself. Those of its messages are judged with the messages.</summary>
    public static bool IsOfGroup(string key) =>
        key.StartsWith("g!", StringComparison.Ordinal) && !key.StartsWith(QueueKeys.HoldersFrom, StringComparison.Ordinal)
        && key.Count(c => c == '!') == 1;

    /// <summary>
    /// Whether it only gives another ETag to the row in the group of a waiting message: another one comes back before it.
    /// </summary>
    public static bool IsTouched(QueueTimeline queue, Operation operation) =>
        operation.Kind == OperationKind.Merge
        && queue.Present.Values.Any(message => message.Latest.State.IsWaiting && message.Latest.State.GroupKey == operation.Key);

    private static void JudgeChange(
        Instance by, Moment at, MessageTimeline message, List<MessageTimeline> waiting, List<QueuePolicy> policies)
    {
        var (before, after) = (message.Versions.Count > 1 ? message.Versions[^2].State : null, message.Latest.State);
        if (after.IsReady && before?.IsReady != true)
        {
            var passed = waiting.Find(other => other.Sequence < message.Sequence
                && (other.Latest.State.ExpiresAt == MessageState.Never
                    || other.Latest.State.ExpiresAt + QueueLimits.ClockSkew.Ticks > by.Clock(at)));
            Require(passed is null, $"{message.Id} was made ready before {passed?.Id}, which is before it in {after.Group}.");
        }

        if (after.DiedAt != 0 && before is { DiedAt: 0 })
        {
            Require(
                policies.Exists(policy => policy.HaltsGroupOnDead == after.HoldsGroup),
                $"{message.Id} died and {(after.HoldsGroup ? "holds" : "does not hold")} {after.Group}.");
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new Violation(otherwise);
    }
}
