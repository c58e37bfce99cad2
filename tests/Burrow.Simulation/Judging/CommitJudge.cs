using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Queues.Settings;
using Burrow.Simulation.World;
using Burrow.Tables;
using Burrow.Tables.Memory;

namespace Burrow.Simulation.Judging;

/// <summary>
/// Judges every transaction as storage carries it out: the rows of each message must still say the same, and every change must be
/// an allowed one. Writes the timeline that answers are judged by.
/// </summary>
internal sealed class CommitJudge : ICommitObserver
{
    private readonly MemoryTableStore tables;
    private readonly Scheduler scheduler;
    private readonly Timeline timeline;
    private readonly RequestLog requests;
    private readonly EventsJudge events;
    private readonly ProducersJudge producers;
    private readonly ResultsJudge results;
    private readonly ITable messages;
    private readonly SettingsTable policies;
    private readonly Dictionary<(string Partition, string Key), List<QueueTimeline>> directory = [];

    public CommitJudge(
        MemoryTableStore tables,
        Scheduler scheduler,
        Timeline timeline,
        RequestLog requests,
        EventsJudge events,
        ProducersJudge producers,
        ResultsJudge results)
    {
        (this.tables, this.scheduler, this.timeline, this.requests, this.events) = (tables, scheduler, timeline, requests, events);
        (this.producers, this.results) = (producers, results);
        messages = tables.Open("messages");
        policies = new(tables, TimeProvider.System, Random.Shared);
        foreach (var account in timeline.Accounts)
        {
            directory.Add((DirectoryKeys.Accounts, DirectoryKeys.Row(account.Value)), [.. timeline.Of(account)]);
            foreach (var queue in timeline.Of(account))
                directory.Add((DirectoryKeys.Queues(account), DirectoryKeys.Row(queue.Address.Queue.Value)), [queue]);
        }
    }

    /// <summary>The partitions that were written to.</summary>
    public HashSet<(string Table, string Partition)> Written { get; } = [];

    public void Committed(Instance by, string table, string partition, IReadOnlyList<Operation> operations)
    {
        var at = scheduler.Next();
        Written.Add((table, partition));
        foreach (var operation in operations)
            requests.Mark(at, operation.Key);
        requests.Trace(
            () =>
                $"{at.Order} {TimeSpan.FromTicks(at.Ticks)} {by.Name} {table} "
                + $"{string.Join(", ", operations.Select(operation => $"{operation.Kind} {operation.Key}"))}");
        if (table == "dir")
            JudgeDirectory(partition, operations);
        else if (table == "messages")
            JudgeMessages(by, at, timeline[partition], operations);
        else if (table == SettingsTable.Name)
            NotePolicies(at);
    }

    /// <summary>Notes which policy holds for each queue from now on.</summary>
    private void NotePolicies(Moment at)
    {
        foreach (var queue in timeline.Queues)
        {
            var account = policies.ReadAsync(queue.Address.Account, CancellationToken.None).Result.Policies;
            // The longest pattern that matches, a full name before all.
            var policy = account.Where(policy => policy.Queues.Matches(queue.Address.Queue))
                .MaxBy(policy => policy.Queues.IsPrefix ? policy.Queues.Text.Length : int.MaxValue) ?? QueuePolicy.None;
            queue.Policies.Add((at, policy));
        }
    }

    /// <summary>A queue or an account that holds a message stays on the directory.</summary>
    private void JudgeDirectory(string partition, IReadOnlyList<Operation> operations)
    {
        foreach (var operation in operations.Where(operation => operation.Kind == OperationKind.Delete))
        {
            foreach (var queue in directory[(partition, operation.Key)])
                Require(queue.Present.Count == 0, $"{queue.Address.Queue} was taken off the directory while it held a message.");
        }
    }

    private void JudgeMessages(Instance by, Moment at, QueueTimeline queue, IReadOnlyList<Operation> operations)
    {
        var partition = queue.Address.Partition;
        var expected = new HashSet<string> { QueueKeys.Head };
        var effects = new Effects();
        foreach (var key in operations.Select(operation => operation.Key).Where(
            key => key.StartsWith(QueueKeys.IndexFrom, StringComparison.Ordinal)))
        {
            var old = queue.Present.GetValueOrDefault(key);
            var before = old?.Latest;
            var row = Get(partition, key);
            var state = row is null ? null : MessageState.From(row.Columns);
            expected.Add(key);
            expected.UnionWith(KeysOf(before?.State));
            expected.UnionWith(KeysOf(state));
            var after = state is null ? null : ReadVersion(partition, at, before?.State, state);
            foreach (var gone in KeysOf(before?.State).Except(KeysOf(state)))
                Require(Get(partition, gone) is null, $"The row {gone} was left behind.");

            if (before is not null && (state is null || state.Sequence != before.State.Sequence))
            {
                JudgeGone(by, at, queue, old!, effects, isReplaced: state is not null);
                queue.Present.Remove(key);
                before = null;
                old = null;
            }

            if (state is null)
                continue;
            if (before is null)
            {
                Require(
                    state.Sequence > queue.Last,
                    $"{state.Id} was put at {state.Sequence}, not behind {queue.Last}: a reader may have passed.");
                old = new MessageTimeline(state.Id, state.Sequence);
                queue.Messages.Add(old);
                queue.Present[key] = old;
                effects.Put.Add(old);
            }
            else
            {
                before.To = at;
            }

            old!.Versions.Add(after!);
            if (before is { State.DiedAt: 0 } && state.DiedAt != 0)
                effects.Died.Add(old);
            var change = new Change(KindOf(before, after!), at, by, queue.Address, old, before, after);
            Judge(change);
            Add(change);
            if (change.Kind == ChangeKind.Put && requests.PutOf(after!.Body) is { Number: { } number })
                producers.Stored(queue.Address, number, at);
        }

        foreach (var operation in operations)
        {
            Require(
                expected.Contains(operation.Key)
                || operation.Key.StartsWith(QueueKeys.EventsFrom, StringComparison.Ordinal)
                || ProducersJudge.IsOfProducer(operation.Key)
                || ResultsJudge.IsOfResult(operation.Key)
                || GroupsJudge.IsOfGroup(operation.Key)
                || GroupsJudge.IsTouched(queue, operation),
                $"{operation.Kind} of {operation.Key}, which is of no message that this changes.");
        }

        producers.Committed(partition, operations, key => Get(partition, key));
        results.Committed(at, queue, operations, key => Get(partition, key));
        GroupsJudge.Judge(by, at, queue, operations, key => Get(partition, key));
        events.Committed(queue.Address, operations, effects);
        JudgeHead(queue, operations, effects.Put.Count > 0);
    }

    /// <summary>Judges that a message is gone: removed, or expired and replaced by a put.</summary>
    private void JudgeGone(
        Instance by, Moment at, QueueTimeline queue, MessageTimeline message, Effects effects, bool isReplaced)
    {
        var last = message.Latest;
        var life = last.LifeAt(by.Clock(at));
        Require(!isReplaced || life == MessageLife.None, $"{message.Id} lost its place while it was {life}.");
        Require(!isReplaced || !last.IsUnburied(by.Clock(at)), $"{message.Id} died and was replaced before it was buried.");
        last.To = at;
        if (life == MessageLife.None && last.State.DiedAt == 0)
            effects.Expired.Add(message);
        if (isReplaced && last.State.DiedAt == 0)
            effects.Replaced.Add(message);
        if (!isReplaced)
            Add(new(ChangeKind.Removal, at, by, queue.Address, message, last, null));
    }

    private void JudgeHead(QueueTimeline queue, IReadOnlyList<Operation> operations, bool inserted)
    {
        var written = operations.Any(operation => operation.Key == QueueKeys.Head);
        var head = QueueHead.From(Get(queue.Address.Partition, QueueKeys.Head));
        Require(!inserted || written, "A place was handed out without the head.");
        Require(queue.Present.Count == 0 || head.IsOpen, "The head is closed while the queue holds a message.");
        Require(queue.Present.Count == 0 || head.Last >= queue.Last, "The head is behind the last message.");
        Require(
            queue.Present.Values.All(message => head.Lanes.Priorities.Contains(message.Latest.State.Priority)),
            "A message is in a lane that the head does not name.");
        Require(
            head.Lanes.HaveGroups || queue.Present.Values.All(message => message.Latest.State.Group is null),
            "A message is of a group, and the head does not say that there are groups.");
        if (!inserted)
            return;
        var (account, name) = (queue.Address.Account.Value, queue.Address.Queue.Value);
        Require(
            Find("dir", DirectoryKeys.Queues(queue.Address.Account), DirectoryKeys.Row(name)) is not null
            && Find("dir", DirectoryKeys.Accounts, DirectoryKeys.Row(account)) is not null,
            $"{account}/{name} holds a message and isn't on the directory.");
    }

    private Version ReadVersion(string partition, Moment at, MessageState? before, MessageState state)
    {
        var row = Get(partition, state.LineKey);
        Require(row is not null, $"{state.Id} has no row in line.");
        var line = MessageRow.From(row!);
        Require(line.State == state, $"The two rows of {state.Id} differ: {line.State} and {state}.");
        var diesAtHide = state is { DiedAt: 0, DeadTtl: not null } && state.VisibleAt < state.ExpiresAt;
        var ends = diesAtHide ? state.VisibleAt : state.ExpiresAt;
        Require(row!.Columns.GetInteger(MessageColumns.ExpiresAt) == ends, $"{state.Id} is not in line until {ends}.");
        var left = !diesAtHide ? ends
            : state.DeadTtl == 0 ? MessageState.Never
            : state.VisibleAt + state.DeadTtl!.Value * TimeSpan.TicksPerSecond;
        Require(
            Get(partition, QueueKeys.Index(state.Id))!.Columns.GetInteger(MessageColumns.ExpiresAt) == left,
            $"{state.Id} is not by id until {left}.");
        Require(
            state.LineKey[0] == (state.DiedAt != 0 ? 'd' : state.IsWaiting ? 'w' : state.VisibleAt != 0 ? 'h' : 'v'),
            $"{state.Id} is in the wrong line.");
        if (state.ExpiryKey is { } expiry)
            Require(Get(partition, expiry) is not null, $"{state.Id} has no row to expire by.");
        if (state.GroupKey is { } place)
            Require(Get(partition, place) is not null, $"{state.Id} has no row in its group.");
        var body = BodyChunks.ReadAsync(messages, partition, line, CancellationToken.None).Result;
        Require(body is not null && body.Length == state.Length, $"{state.Id} has lost its body.");
        return new(at, state.VisibleAt > 0 && state.VisibleAt != before?.VisibleAt, state, line.ContentType, body!, line.Causes);
    }

    private static IEnumerable<string> KeysOf(MessageState? state) =>
        state is null ? [] : [state.LineKey, .. new[] { state.ExpiryKey, state.GroupKey }.OfType<string>(), .. state.ChunkKeys];

    private static ChangeKind KindOf(Version? before, Version after) =>
        before is null || before.State.BodyRevision != after.State.BodyRevision ? ChangeKind.Put
        : before.State.Revisions == after.State.Revisions
            ? before.State.DiedAt != 0 ? ChangeKind.Freeing
                : after.State.DiedAt != 0 ? ChangeKind.Burial
                : before.State.IsWaiting ? ChangeKind.Readying
                : ChangeKind.Promotion
        : before.State.DiedAt != 0 && after.State.DiedAt == 0 ? ChangeKind.Redrive
        : ChangeKind.Update;

    private void Judge(Change change)
    {
        var (before, after, clock) = (change.Before?.State, change.After!.State, change.By.Clock(change.At));
        if (before is not null)
        {
            Require(
                before.Id == after.Id
                    && before.Inserted == after.Inserted
                    && before.Priority == after.Priority
                    && before.Group == after.Group,
                $"{change}: what never changes did.");
            Require(
                change.Kind == ChangeKind.Put || change.Before!.Body.AsSpan().SequenceEqual(change.After.Body),
                $"{change}: the body changed.");
            Require(
                change.Kind is ChangeKind.Promotion or ChangeKind.Readying or ChangeKind.Freeing or ChangeKind.Burial
                    || after.Revisions.Contains(before.Revisions.Latest),
                $"{change}: based on another revision than the last.");
        }

        switch (change.Kind)
        {
            case ChangeKind.Put:
                JudgePut(change);
                break;
            case ChangeKind.Promotion:
                Require(
                    after == before! with { VisibleAt = 0 }
                        && before.VisibleAt != 0
                        && before.VisibleAt + QueueLimits.ClockSkew.Ticks <= clock,
                    $"{change}: moved into the visible line before its time.");
                break;
            case ChangeKind.Readying:
                Require(
                    after == before! with
                    {
                        IsWaiting = false,
                        VisibleAt = after.VisibleAt == 0 && before.VisibleAt <= clock ? 0 : before.VisibleAt,
                    },
                    $"{change}: made ready, and more: {before} to {after}.");
                break;
            case ChangeKind.Freeing:
                Require(after == before! with { HoldsGroup = false }, $"{change}: freed its group, and more: {before} to {after}.");
                break;
            case ChangeKind.Burial:
                Require(change.Before!.IsUnburied(clock), $"{change}: buried alive.");
                Require(
                    after == before! with
                    {
                        DiedAt = before.VisibleAt,
                        VisibleAt = 0,
                        ExpiresAt = before.DeadTtl == 0
                            ? MessageState.Never
                            : before.VisibleAt + before.DeadTtl!.Value * TimeSpan.TicksPerSecond,
                        DeadTtl = null,
                        IsDelayed = false,
                        HoldsGroup = after.HoldsGroup,
                    },
                    $"{change}: a burial that changes more: {before} to {after}.");
                Require(change.Before.Causes.SequenceEqual(change.After.Causes), $"{change}: the causes changed.");
                break;
        }
    }

    /// <summary>
    /// Judges a put: storage carries it out once, as it was requested, while the request is under way. After a request failed or was
    /// lost, storage may still carry it out.
    /// </summary>
    private void JudgePut(Change change)
    {
        var (after, request) = (change.After!, requests.PutOf(change.After!.Body));
        Require(
            request is not null && request.Queue == change.Queue && request.Id == change.Message.Id && request.Instance == change.By,
            $"{change}: no request put that.");
        Require(request!.Change is null, $"{request} was carried out twice.");
        Require(
            request.Fate is RequestFate.Open or RequestFate.Failed or RequestFate.Lost,
            $"{request} was carried out after it was answered.");
        request.Change = change;
        change.Request = request;
        var span = new Span(request.Started, change.At, change.By);
        var policies = timeline[change.Queue].PoliciesIn(span).ToList();
        Require(
            policies.Exists(policy =>
                Rules.IsSet(after.State.ExpiresAt, MessageState.Never, request.Attributes.Ttl ?? policy.Ttl ?? 600, span)
                && Rules.IsSet(after.State.VisibleAt, 0, request.Attributes.Hide ?? policy.Hide ?? 0, span)),
            $"{change}: expires or visible at the wrong time.");
        Require(
            after.State.Priority == (change.Before?.State.Priority ?? request.Priority ?? QueueLimits.DefaultPriority)
                && (request.Priority is null || request.Priority == after.State.Priority),
            $"{change}: wrong priority.");
        Require(
            after.State.Group == (change.Before is null ? request.Group : change.Before.State.Group)
                && (request.Group is null || request.Group == after.State.Group),
            $"{change}: wrong group.");
        Require(
            after.State.ResultKept == (request.Result ?? change.Before?.State.ResultKept), $"{change}: another result than was asked for.");
        Require(
            change.Before is not { State.DiedAt: 0 } replaced || after.State.IsWaiting == replaced.State.IsWaiting,
            $"{change}: replaced, and moved within its group.");
        Require(after.Causes.Count == 0 && after.State is { DiedAt: 0, DeadTtl: null }, $"{change}: dead, or with causes.");
        Require(
            after.ContentType == request.ContentType && after.Body.AsSpan().SequenceEqual(request.Body), $"{change}: not what was put.");
        // A message that keeps its place was live when the process decided that.
        Require(
            change.Before is null
                || change.Before.LifeAt(span.Within(change.Before.From, span.To).EarliestClock) != MessageLife.None,
            $"{change}: replaced what had expired.");
        // A message that died by time is buried before it is put again, but it may die while the put is under way.
        Require(
            change.Before is null || !change.Before.IsUnburied(span.Within(change.Before.From, span.To).EarliestClock),
            $"{change}: replaced what was not buried.");
        Receipt? current = change.Before is { } old ? new(old.State.Revisions.Latest) : null;
        Require(request.Precondition.Failure(current) is null, $"{change}: {request} was to be refused.");
        Require(
            after.State.Deliveries == (change.Before is { State.DiedAt: 0 } kept ? kept.State.Deliveries : 0),
            $"{change}: wrong deliveries.");
    }

    private void Add(Change change)
    {
        change.Message.Changes.Add(change);
        requests.Trace(() => $"    {change}");
    }

    private Row? Get(string partition, string key) => messages.GetAsync(partition, key, CancellationToken.None).Result;

    private Row? Find(string table, string partition, string key) =>
        tables.Open(table).GetAsync(partition, key, CancellationToken.None).Result;

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new Violation(otherwise);
    }
}
