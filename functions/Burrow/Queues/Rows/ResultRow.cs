using System.Text;
using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// The row that says what became of a message (docs/design/results.md). It is written in the transactions of the message, without being
/// read before. When the message has ended, an expiry row beside it brings the timer to it.
/// </summary>
/// <param name="ETag">The row's ETag as it was read.</param>
/// <param name="Result">What the row says.</param>
/// <param name="ExpiresAt">When the row is removed, UTC ticks; <see cref="MessageState.Never"/> while the message runs.</param>
internal sealed record ResultRow(string ETag, MessageResult Result, long ExpiresAt)
{
    private const string StateColumn = "state";
    private const string ProgressColumn = "progress";
    private const string RevisionColumn = "rev";
    private const string CauseType = "text/plain; charset=utf-8";

    public static ResultRow From(Row row) => new(
        row.ETag,
        new(
            (ResultState)row.Columns.GetInteger(StateColumn),
            new(row.Columns.GetBytes(MessageColumns.Body), row.Columns.GetString(MessageColumns.ContentType)),
            new(row.Columns.GetString(RevisionColumn)!),
            row.Columns.GetInteger(ProgressColumn) != 0),
        row.Columns.GetInteger(MessageColumns.ExpiresAt));

    /// <summary>The cause of a death, as a result shows it.</summary>
    public static ResultBody OfCause(Cause? cause) =>
        cause is null ? ResultBody.Empty : new(Encoding.UTF8.GetBytes(cause.Text), CauseType);

    /// <summary>The operation that begins the result of a message that is put or redriven. What was there before is gone.</summary>
    public static Operation Begin(MessageId id, Random random) => Operation.Upsert(
        QueueKeys.Result(id), ToColumns(new(ResultState.Running, ResultBody.Empty), false, MessageState.Never, NewReceipt(random)));

    /// <summary>The operation that leaves progress in place of what was read.</summary>
    public Operation Progress(MessageId id, ResultBody left, Random random) => Operation.Replace(
        QueueKeys.Result(id), ToColumns(new(ResultState.Running, left), true, MessageState.Never, NewReceipt(random)), ETag);

    /// <summary>The operations that end the result of a message.</summary>
    public static IEnumerable<Operation> End(MessageId id, ResultEnd end, Receipt receipt, long expiresAt)
    {
        var key = QueueKeys.Result(id);
        yield return Operation.Upsert(key, ToColumns(end, false, expiresAt, receipt));
        yield return Operation.Upsert(QueueKeys.ExpiryOf(key, expiresAt), ExpiringRow.ColumnsOf(key));
    }

    /// <summary>A receipt that no other state of a result has.</summary>
    public static Receipt NewReceipt(Random random) => new(Revisions.New(random));

    /// <summary>
    /// The receipt of the end of a message that expired or died by time. It is the same before and after a row says so.
    /// </summary>
    public static Receipt ReceiptOfEnd(MessageState message) => new(message.Revisions.Latest + "x");

    /// <summary>The receipt of what an operation writes.</summary>
    public static Receipt RevisionOf(Operation write) => new(write.Columns!.GetString(RevisionColumn)!);

    private static Columns ToColumns(ResultEnd state, bool hasProgress, long expiresAt, Receipt receipt)
    {
        var columns = new Columns(6)
        {
            { StateColumn, (long)state.State },
            { RevisionColumn, receipt.Value },
            { MessageColumns.ExpiresAt, expiresAt },
        };
        columns.Add(MessageColumns.Body, state.Left.Body);
        columns.Add(MessageColumns.ContentType, state.Left.ContentType);
        if (hasProgress)
            columns.Add(ProgressColumn, 1);
        return columns;
    }
}

/// <summary>How a message has ended, and what is left of it.</summary>
internal sealed record ResultEnd(ResultState State, ResultBody Left);
