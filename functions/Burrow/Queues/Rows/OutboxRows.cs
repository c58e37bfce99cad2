using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>What all rows of a queue's outbox have in common: those of puts (<see cref="RelayRow"/>), and of changes.</summary>
internal static class OutboxRows
{
    /// <summary>The column with the relay that a row is for.</summary>
    public const string Incarnation = "relay";

    /// <summary>The column that says when a row was written, UTC ticks.</summary>
    public const string Written = "written";

    /// <summary>The columns that all rows have.</summary>
    public static readonly IReadOnlyList<string> Columns = [MessageColumns.Id, Incarnation, Written];

    /// <summary>Whether a row is one of them, and not a chunk of a body.</summary>
    public static bool Holds(string key) => RelayRow.IsMessage(key) || ChangeRow.Is(key);

    /// <summary>The sequence of the message of a row, or of a chunk of its body.</summary>
    public static Sequence SequenceOf(string key) =>
        Sequence.TryParse(key.Substring((ChangeRow.Is(key) ? QueueKeys.ChangesFrom : QueueKeys.OutboxFrom).Length, 16))!.Value;

    /// <summary>The id of the message of a row.</summary>
    public static MessageId IdOf(Row row) => new(row.Columns.GetString(MessageColumns.Id)!);

    /// <summary>
    /// Deletes rows. One that was written anew since it was read stays: another relay may need what this one needs no more, or a message
    /// has changed again.
    /// </summary>
    /// <param name="messages">The table.</param>
    /// <param name="partition">The queue's partition.</param>
    /// <param name="rows">For each row, the operations that delete it.</param>
    public static async Task DeleteAsync(ITable messages, string partition, IEnumerable<IReadOnlyList<Operation>> rows)
    {
        foreach (var some in InTransactions(rows, TableLimits.TransactionOperations))
        {
            while (some.Count > 0)
            {
                var result = await messages.SubmitAsync(partition, [.. some.SelectMany(row => row)], CancellationToken.None);
                if (result.Committed)
                    break;
                some.Remove(some.SelectMany(row => row.Select(_ => row)).ElementAt(Math.Max(0, result.FailedIndex)));
            }
        }
    }

    /// <summary>Groups rows by what goes in one transaction.</summary>
    /// <param name="rows">For each row, its operations.</param>
    /// <param name="most">Operations of a transaction, at most.</param>
    public static IEnumerable<List<IReadOnlyList<Operation>>> InTransactions(IEnumerable<IReadOnlyList<Operation>> rows, int most)
    {
        var (some, count) = (new List<IReadOnlyList<Operation>>(), 0);
        foreach (var row in rows)
        {
            if (count + row.Count > most)
            {
                yield return some;
                (some, count) = ([], 0);
            }

            some.Add(row);
            count += row.Count;
        }

        if (some.Count > 0)
            yield return some;
    }
}
