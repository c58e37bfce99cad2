using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Relays;

/// <summary>
/// The row of a queue that the process which prepares it writes in each of its transactions. Another one that begins to prepare the queue
/// writes it anew. So a process that was thought dead writes nothing more: no row, and no mark of a message (docs/design/relays.md).
/// </summary>
internal sealed class PreparingRow
{
    private const string HolderColumn = "holder";
    private const string CountColumn = "count";

    private readonly QueueContext context;
    private readonly string partition;
    private readonly string holder;
    private string etag;
    private long count;

    private PreparingRow(QueueContext context, string partition, string holder, string etag) =>
        (this.context, this.partition, this.holder, this.etag) = (context, partition, holder, etag);

    /// <summary>Begins: no other process goes on.</summary>
    public static async Task<PreparingRow> TakeAsync(QueueContext context, string partition)
    {
        var holder = Revisions.New(context.Random);
        var result = await context.Messages.SubmitAsync(
            partition, [Operation.Upsert(QueueKeys.Preparing, ColumnsOf(holder, 0))], CancellationToken.None);
        return new(context, partition, holder, result.ETags[0]!);
    }

    /// <summary>Carries out operations in one transaction.</summary>
    /// <returns>
    /// Whether it was committed; null: another process prepares. If it was not, and none of the operations has a condition, the same
    /// succeeds at the next try.
    /// </returns>
    public async Task<bool?> SubmitAsync(IReadOnlyList<Operation> operations)
    {
        var own = Operation.Replace(QueueKeys.Preparing, ColumnsOf(holder, ++count), etag);
        var result = await context.Messages.SubmitAsync(partition, [own, .. operations], CancellationToken.None);
        if (result.Committed)
        {
            etag = result.ETags[0]!;
            return true;
        }

        if (result.FailedIndex > 0)
            return false;
        // It may be this process's own attempt, of unknown outcome, that has written the row.
        if (await context.Messages.GetAsync(partition, QueueKeys.Preparing, CancellationToken.None) is not { } found
            || found.Columns.GetString(HolderColumn) != holder)
        {
            return null;
        }

        etag = found.ETag;
        return found.Columns.GetInteger(CountColumn) == count;
    }

    /// <summary>Deletes rows. One that is gone, or was written anew since it was read, is left out.</summary>
    /// <param name="rows">For each row, the operations that delete it.</param>
    /// <returns>False: another process prepares.</returns>
    public async Task<bool> DeleteAsync(IEnumerable<IReadOnlyList<Operation>> rows)
    {
        foreach (var some in OutboxRows.InTransactions(rows, TableLimits.TransactionOperations - 1))
        {
            if (await SubmitAsync([.. some.SelectMany(one => one)]) is not { } isCommitted)
                return false;
            if (isCommitted)
                continue;
            foreach (var one in some)
            {
                if (await SubmitAsync(one) is null)
                    return false;
            }
        }

        return true;
    }

    /// <summary>Ends, unless another process has begun.</summary>
    public Task ReleaseAsync() =>
        context.Messages.SubmitAsync(partition, [Operation.Delete(QueueKeys.Preparing, etag)], CancellationToken.None);

    private static Columns ColumnsOf(string holder, long count) => new(2) { { HolderColumn, holder }, { CountColumn, count } };
}
