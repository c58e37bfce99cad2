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

        // Faults that the simulation found.
        new(
            "shown-as-living-for-ever", "Rows/MessageState.cs",
            "Math.Max(1, SecondsUntil(ExpiresAt, now))",
            "Math.Max(MUTANT ? 0 : 1, SecondsUntil(ExpiresAt, now))"),
    ];
}
