using Burrow.Simulation;

namespace Burrow.Tests.Simulation;

/// <summary>
/// A deliberate fault in the engine, made by a change of one source line. Each fault is one that a developer might make, or one
/// that the simulation once found. The simulation found other faults, too rare for a few seeds: they are in
/// <c>StaleReadTests</c>.
/// </summary>
/// <param name="Name">The name, in kebab-case.</param>
/// <param name="File">The path of the file below <c>functions/Burrow/Queues</c>.</param>
/// <param name="Line">The line as it is now. The file contains it exactly once.</param>
/// <param name="Changed">The line with the fault; <c>MUTANT</c> is true while this fault is on.</param>
internal sealed record Mutant(string Name, string File, string Line, string Changed)
{
    /// <summary>The kinds of worlds that are to catch it, each of them.</summary>
    public IReadOnlyList<WorldKind> Worlds { get; private init; } = [WorldKind.One];

    /// <summary>Whether it takes hundreds of seeds to find it, so that only a large run does.</summary>
    public bool IsRare { get; private init; }

    public override string ToString() => Name;

    public static readonly IReadOnlyList<Mutant> All =
    [
        // Faults that a lock or a check prevents.
        new(
            "claim-without-etag", "Rows/MessageWrite.cs",
            "operations.Add(Operation.Delete(before.LineKey, row.ETag));",
            "operations.Add(Operation.Delete(before.LineKey, MUTANT ? Operation.Any : row.ETag));"),
        new(
            "sequence-without-head", "Rows/QueueHead.cs",
            "Operation.Replace(QueueKeys.Head, columns, ETag)",
            "Operation.Replace(QueueKeys.Head, columns, MUTANT ? Operation.Any : ETag)"),
        new(
            "change-without-revision-check", "Changing/Transactions.cs",
            "if (result.Uncertain)",
            "if (result.Uncertain && !MUTANT)"),
        new(
            "put-without-revision-check", "Putting/PutGroup.cs",
            "if (result.Uncertain)",
            "if (result.Uncertain && !MUTANT)"),
        new(
            "counts-never-corrected", "Counting/Recounter.cs",
            "return (stored, pages, isComplete);",
            "return (stored, pages, isComplete && !MUTANT);"),
        new(
            "forgotten-before-it-was-told", "../Events/Outbox/EventSender.cs",
            "Refused(e.Message, pausedUntil - time.GetUtcNow());",
            "Refused(e.Message, pausedUntil - time.GetUtcNow()); if (MUTANT) done.AddRange(rows);"),
        new(
            "sweep-without-reading-again", "Sweeping/QueueSweeper.cs",
            "state.ExpiryKey != expiry.Key",
            "(state.ExpiryKey != expiry.Key && !MUTANT)"),
        new(
            "sweep-without-waiting-for-other-clocks", "Sweeping/QueueSweeper.cs",
            "QueueKeys.ExpiredBefore(context.Now - QueueLimits.ClockSkew.Ticks)",
            "QueueKeys.ExpiredBefore(MUTANT ? context.Now : context.Now - QueueLimits.ClockSkew.Ticks)"),
        new(
            "close-before-reading-the-head", "Directory/QueueRegistry.cs",
            "var closing = await context.Messages.SubmitAsync(queue.Partition, [closed.Write()], cancellationToken);",
            "if (MUTANT) closed = (await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken))"
            + ".Next(closed.Last, open: false, context.Random);\n"
            + "        var closing = await context.Messages.SubmitAsync(queue.Partition, [closed.Write()], cancellationToken);"),
        new(
            "leave-the-directory-without-etag", "Directory/QueueRegistry.cs",
            "await context.Directory.SubmitAsync(queues, [Operation.Delete(row.Key, row.ETag)], cancellationToken);",
            "await context.Directory.SubmitAsync(queues, [Operation.Delete(row.Key, MUTANT ? Operation.Any : row.ETag)]"
            + ", cancellationToken);"),
        new(
            "due-row-forgotten", "Scheduling/DueTable.cs",
            "if (minutes is null)",
            "if (minutes is null || MUTANT)"),

        // Faults of outcomes, dead letters and policies.
        new(
            "one-delivery-too-many", "Model/QueuePolicy.cs",
            "delivery >= MaxDeliveries ? DeadTtl : null",
            "delivery >= MaxDeliveries + (MUTANT ? 1 : 0) ? DeadTtl : null"),
        new(
            "death-that-is-no-expiry", "Rows/MessageState.cs",
            "public long EndsAt => DiesAtHide ? VisibleAt : ExpiresAt;",
            "public long EndsAt => DiesAtHide && !MUTANT ? VisibleAt : ExpiresAt;"),
        new(
            "dying-queue-not-listed", "Rows/MessageState.cs",
            "GoneAt == EndsAt ? line : ToColumns(GoneAt)",
            "GoneAt == EndsAt || MUTANT ? line : ToColumns(GoneAt)"),
        new(
            "buried-with-a-new-revision", "Rows/MessageState.cs",
            "public MessageState Buried() => DeadSince(VisibleAt, DeadTtl!.Value);",
            "public MessageState Buried() => DeadSince(VisibleAt, DeadTtl!.Value)"
            + " with { Revisions = MUTANT ? Revisions.Next(new Random(1)) : Revisions };"),
        new(
            "released-and-counted", "Rows/MessageState.cs",
            "Deliveries = Deliveries > 0 && !IsDelayed ? Deliveries - 1 : Deliveries,",
            "Deliveries = Deliveries > 0 && !IsDelayed && !MUTANT ? Deliveries - 1 : Deliveries,"),
        new(
            "a-delay-taken-for-a-delivery", "Rows/MessageState.cs",
            "(IsDelayed || IsHideOver(now)),",
            "(IsDelayed || IsHideOver(now)) && !MUTANT,"),
        new(
            "put-again-with-its-deliveries", "Putting/PutPlan.cs",
            "replaced is { DiedAt: 0 } ? replaced.Deliveries : 0;",
            "replaced is { DiedAt: 0 } || (MUTANT && replaced is not null) ? replaced.Deliveries : 0;"),
        new(
            "buried-alive", "Rows/MessageState.cs",
            "DiedAt == 0 && DiesAtHide && VisibleAt <= now;",
            "DiedAt == 0 && DiesAtHide && (MUTANT || VisibleAt <= now);"),
        new(
            "death-that-is-not-told", "Changing/Transactions.cs",
            "if (!writes.Any(write => write.Killed is not null)",
            "if (MUTANT || !writes.Any(write => write.Killed is not null)"),
        new(
            "deleted-with-the-dead", "QueueEngine.cs",
            ": new MessageChange.Remove(MessageLife.Live);",
            ": new MessageChange.Remove(MUTANT ? MessageLife.Live | MessageLife.Dead : MessageLife.Live);"),
        new(
            "redriven-with-its-causes", "Changing/MessageChange.cs",
            "Attributes.Hide ?? 0, now, context.Random), causes: []);",
            "Attributes.Hide ?? 0, now, context.Random), MUTANT ? row.Causes : []);"),
        new(
            "policy-read-only-once", "../Caching/VersionedCache.cs",
            "(reading.IsCompleted && time.GetElapsedTime(readAt) > Fresh)",
            "(reading.IsCompleted && !MUTANT && time.GetElapsedTime(readAt) > Fresh)"),

        // Faults of groups.
        new(
            "redrive-that-keeps-its-hold", "Groups/GroupPlan.cs",
            "held -= before.HoldsGroup ? 1 : 0;",
            "held -= before.HoldsGroup && !MUTANT ? 1 : 0;"),
        new(
            "a-dead-one-leaves-and-nobody-is-made-ready", "Groups/GroupPlan.cs",
            "isFull |= !isOpen ||",
            "isFull |= (MUTANT && view.Row.Held > held) || !isOpen ||"),
        new(
            "put-without-the-row-of-its-group", "Putting/PlannedGroups.cs",
            "foreach (var (row, mayWait) in planned.Values)",
            "foreach (var (row, mayWait) in planned.Values.Where(one => !MUTANT || !one.MayWait))"),
        new(
            "removal-that-makes-nobody-ready", "Groups/GroupPlan.cs",
            "plan.Fill(view,",
            "if (!MUTANT || plan.ready > 0 || plan.arrivals.Count > 0) plan.Fill(view,"),
        new(
            "made-ready-without-its-etag", "Groups/GroupPlan.cs",
            "promotions.Add(MessageWrite.Promote(row,",
            "promotions.Add(MessageWrite.Promote(MUTANT ? row with { ETag = Operation.Any } : row,"),
        new(
            "passes-over-what-is-not-expired-everywhere", "Groups/GroupReader.cs",
            "state.ExpiresAt + QueueLimits.ClockSkew.Ticks <= now;",
            "state.ExpiresAt + (MUTANT ? 0 : QueueLimits.ClockSkew.Ticks) <= now;"),
        new(
            "death-that-keeps-its-room", "Groups/GroupPlan.cs",
            "ready -= before.IsReady ? 1 : 0;",
            "ready -= before.IsReady && !(MUTANT && afters[i] is not null) ? 1 : 0;"),
        new(
            "expired-one-replaced-in-its-group", "Putting/PutGroup.cs",
            "else if (there?.State.Group is not null && there.State.LifeAt(readAt) == MessageLife.None)",
            "else if (!MUTANT && there?.State.Group is not null && there.State.LifeAt(readAt) == MessageLife.None)"),
        new(
            "lines-read-before-those-that-wait", "Reading/VisibleLine.cs",
            "passed ? Start(last)",
            "passed && !MUTANT ? Start(last)"),
        new(
            "hidden-line-not-read-after-those-that-wait", "Reading/QueueScan.cs",
            "async Task WaitingReadAsync(IReadOnlyList<MessageRow> waiting)",
            "async Task WaitingReadAsync(IReadOnlyList<MessageRow> waiting) { if (!MUTANT) await ReadWaitingAsync(waiting); }\n\n"
            + "        async Task ReadWaitingAsync(IReadOnlyList<MessageRow> waiting)"),
        new(
            "groups-not-filled-when-more-are-allowed", "Sweeping/GroupSettler.cs",
            "if (policy.GroupConcurrency > head.SettledConcurrency || (isSecond && policy.GroupConcurrency > 1))",
            "if (!MUTANT && (policy.GroupConcurrency > head.SettledConcurrency || (isSecond && policy.GroupConcurrency > 1)))"),
        new(
            "groups-not-freed", "Sweeping/GroupSettler.cs",
            "policy.HaltsGroupOnDead || await FreeAsync(queue);",
            "policy.HaltsGroupOnDead || MUTANT || await FreeAsync(queue);"),
        new(
            "what-waits-is-handed-out", "QueueEngine.cs",
            "selection with { MatchWaiting = !hands }",
            "selection with { MatchWaiting = !hands || MUTANT }"),

        // Faults of results.
        new(
            "removed-and-its-result-runs", "Results/ResultWrites.cs",
            "writes.Any(write => write.Before.ResultKept is not null) ?",
            "!MUTANT && writes.Any(write => write.Before.ResultKept is not null) ?"),
        new(
            "redriven-and-its-result-is-dead", "Results/ResultWrites.cs",
            "return write.With([ResultRow.Begin(id, context.Random)], null);",
            "return MUTANT ? write : write.With([ResultRow.Begin(id, context.Random)], null);"),
        new(
            "expired-one-replaced-without-its-end", "Putting/PutPlan.cs",
            "return ResultRow.End(",
            "return MUTANT ? [] : ResultRow.End("),
        new(
            "expiry-row-of-before-left", "Rows/ExpiringRow.cs",
            "if (row is null || QueueKeys.ExpiryOf(key, expiresAt) != expiry.Key)",
            "if (MUTANT && (row is null || QueueKeys.ExpiryOf(key, expiresAt) != expiry.Key)) return true;\n"
            + "        if (row is null || QueueKeys.ExpiryOf(key, expiresAt) != expiry.Key)"),

        // Faults of producers.
        new(
            "a-lower-epoch-is-stored", "Putting/PutPlan.cs",
            "if (number.Epoch < state.Epoch)",
            "if (number.Epoch < state.Epoch && !MUTANT)")
        { Worlds = [WorldKind.One, WorldKind.Relays] },
        new(
            "producer-not-in-the-transaction", "Putting/PutPlan.cs",
            "all.AddRange(after.Write(before));",
            "if (!MUTANT) all.AddRange(after.Write(before));"),
        new(
            "producer-row-without-etag", "Producers/ProducerRow.cs",
            "old.ETag is { } etag ? Operation.Replace(Key, columns, etag)",
            "old.ETag is { } etag ? Operation.Replace(Key, columns, MUTANT ? Operation.Any : etag)"),
        new(
            "duplicate-told-by-number-only", "Putting/PutPlan.cs",
            "else if (number.Number <= stored.State.Last)",
            "else if (number.Number <= stored.State.Last + (MUTANT ? 1 : 0))"),
        new(
            "turn-told-by-memory", "Putting/KnownProducers.cs",
            "(!certain.Contains(number.Producer) && IsRefused(number, row.State))",
            "(!MUTANT && !certain.Contains(number.Producer) && IsRefused(number, row.State))"),

        // Faults of priorities.
        new(
            "merged-without-priority", "Claiming/ClaimGroup.cs",
            "a.State.Priority != b.State.Priority ?",
            "a.State.Priority != b.State.Priority && !MUTANT ?"),
        new(
            "lane-not-in-the-head", "Putting/PutPlan.cs",
            "lanes = lanes.With(after.Priority);",
            "if (!MUTANT) lanes = lanes.With(after.Priority);"),
        new(
            "page-beyond-a-cut-lane", "Reading/VisibleLine.cs",
            "last = lane.Known < last ? lane.Known : last;",
            "last = lane.Known < last && !MUTANT ? lane.Known : last;"),
        new(
            "rest-of-a-lane-forgotten", "Reading/VisibleLine.cs",
            "lane with { Rows = [.. lane.Rows.SkipWhile(row => row.Sequence <= last)] })], last));",
            "lane with { Rows = [.. lane.Rows.SkipWhile(row => MUTANT || row.Sequence <= last)] })], last));"),
        new(
            "priority-changed-by-a-replace", "Putting/PutPlan.cs",
            "request.Priority is { } priority && priority != kept.State.Priority",
            "!MUTANT && request.Priority is { } priority && priority != kept.State.Priority"),

        // Faults that the simulation found.
        new(
            "shown-as-living-for-ever", "Rows/MessageState.cs",
            "Math.Max(1, SecondsUntil(ExpiresAt, now))",
            "Math.Max(MUTANT ? 0 : 1, SecondsUntil(ExpiresAt, now))"),

        // Faults of relays.
        new(
            "batch-without-its-forerunner", "Relays/RelayPump.cs",
            "new(producer, lease.Link.Epoch, last, messages, stamp)",
            "new(producer, lease.Link.Epoch, MUTANT ? null : last, messages, stamp)")
        { Worlds = [WorldKind.Relays] },
        new(
            "row-outside-the-transaction", "Putting/PutPlan.cs",
            "added.AddRange(outboxed?.Operations ?? []);",
            "if (!MUTANT) added.AddRange(outboxed?.Operations ?? []);")
        { Worlds = [WorldKind.Relays] },
        new(
            "row-deleted-before-the-answer", "Relays/RelayPump.cs",
            "var answer = await oldest.Answer;",
            "if (MUTANT) Delete(oldest.Batch.Messages); var answer = await oldest.Answer;")
        { Worlds = [WorldKind.Relays] },
        new(
            "standing-messages-left-out", "Relays/RelayPreparer.cs",
            ".Where(state => state.Sequence <= before && (isMirror",
            ".Where(state => state.Sequence <= before && !MUTANT && (isMirror")
        { Worlds = [WorldKind.Relays] },
        new(
            "fence-outbid", "Relays/RelayPeer.cs",
            "return await StopAsync(lease, relay, sent, answer);",
            "return MUTANT && await lease.WriteAsync(one => one with { Epoch = answer.Epoch })"
            + " ? RelayResult.Busy(sent, answer) : await StopAsync(lease, relay, sent, answer);")
        { Worlds = [WorldKind.Relays] },
        new(
            "own-number-left-behind", "Rows/RelayRow.cs",
            "relayed.Own : request.Number,",
            "relayed.Own : MUTANT ? null : request.Number,")
        { Worlds = [WorldKind.Relays] },
        new(
            "sent-back-where-it-came-from", "Relays/IRelayWire.cs",
            "[.. row.Origin?.Stamps ?? [], Stamp]",
            "MUTANT ? [] : [.. row.Origin?.Stamps ?? [], Stamp]")
        { Worlds = [WorldKind.Relays] },
        new(
            "full-and-not-said", "Putting/PlannedOutbox.cs",
            "return ([], Mark with { IsFull = true, IsWhole = false });",
            "return ([], MUTANT ? Mark : Mark with { IsFull = true, IsWhole = false });")
        { Worlds = [WorldKind.Relays] },
        new(
            "rows-forgotten-as-missing", "Relays/MissingReader.cs",
            "if (link is not { IsPrepared: true } || (head.IsOpen && head.Relay?.Serves(relay) != true))",
            "if (!MUTANT && (link is not { IsPrepared: true } || (head.IsOpen && head.Relay?.Serves(relay) != true)))")
        { Worlds = [WorldKind.Relays] },

        new(
            "rows-dropped-before-the-link", "Relays/RelayOutbox.cs",
            "if (await table.RemoveAsync(link, CancellationToken.None))",
            "if (MUTANT || await table.RemoveAsync(link, CancellationToken.None))")
        { Worlds = [WorldKind.Relays] },
        new(
            "count-of-a-mark-read-as-a-flag", "Rows/RelayMark.cs",
            "var flags = parts[2..];",
            "var flags = MUTANT ? parts : parts[2..];")
        { Worlds = [WorldKind.Relays] },

        // Faults of mirrors.
        new(
            "change-made-to-any-message", "Changing/MirrorReceiver.cs",
            "if (line?.Origin is not { } origin || origin.Producer != producer || origin.Number != change.Number)",
            "if (line is null || (!MUTANT"
            + " && (line.Origin is not { } origin || origin.Producer != producer || origin.Number != change.Number)))")
        { Worlds = [WorldKind.Mirrors] },
        new(
            "change-made-under-an-old-epoch", "Changing/MirrorReceiver.cs",
            "if (epoch < row.State.Epoch)",
            "if (!MUTANT && epoch < row.State.Epoch)")
        { Worlds = [WorldKind.Mirrors] },
        new(
            "changes-sent-under-one-epoch", "Relays/MirrorSender.cs",
            "if (!await lease.WriteAsync(link => link with { Epoch = link.Epoch + 1, Sent = sent }))",
            "if (!await lease.WriteAsync(link => link with { Epoch = link.Epoch + (MUTANT ? 0 : 1), Sent = sent }))")
        { Worlds = [WorldKind.Mirrors], IsRare = true },
        new(
            "sent-put-left-out", "Relays/RelayLease.cs",
            "var beganSettled = link.IsSettled && !link.IsForgotten(context.Now);",
            "var beganSettled = MUTANT || (link.IsSettled && !link.IsForgotten(context.Now));")
        { Worlds = [WorldKind.Mirrors], IsRare = true },
        new(
            "change-outside-the-transaction", "Relays/MirrorNotes.cs",
            "return IsTold(write, context.Now) ?",
            "return !MUTANT && IsTold(write, context.Now) ?")
        { Worlds = [WorldKind.Mirrors] },
        new(
            "change-deleted-though-made-again", "Rows/ChangeRow.cs",
            "Operation.Delete(QueueKeys.Change(Sequence), ETag);",
            "Operation.Delete(QueueKeys.Change(Sequence), MUTANT ? Operation.Any : ETag);")
        { Worlds = [WorldKind.Mirrors] },
        new(
            "replacement-not-told", "Putting/PutPlan.cs",
            "added.AddRange(relay?.PlanChange(after, now) ?? []);",
            "if (!MUTANT) added.AddRange(relay?.PlanChange(after, now) ?? []);")
        { Worlds = [WorldKind.Mirrors] },
        new(
            "left-overs-not-compared", "Relays/RelayPreparer.cs",
            "var states = await Task.WhenAll(some.Select(",
            "if (MUTANT) continue; var states = await Task.WhenAll(some.Select(")
        { Worlds = [WorldKind.Mirrors] },
        new(
            "prepared-by-two-at-once", "Relays/PreparingRow.cs",
            "var own = Operation.Replace(QueueKeys.Preparing, ColumnsOf(holder, ++count), etag);",
            "var columns = ColumnsOf(holder, ++count);"
            + "var own = MUTANT ? Operation.Upsert(QueueKeys.Preparing, columns) : Operation.Replace(QueueKeys.Preparing, columns, etag);")
        { Worlds = [WorldKind.Mirrors], IsRare = true },
    ];
}
