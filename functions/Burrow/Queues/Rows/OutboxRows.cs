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
        var rest = rows.ToList();
        while (rest.Count > 0)
        {
            var (operations, owners) = (new List<Operation>(), new List<IReadOnlyList<Operation>>());
            foreach (var deletes in rest)
            {
                if (operations.Count + deletes.Count > TableLimits.TransactionOperations)
                    break;
                operations.AddRange(deletes);
                owners.AddRange(deletes.Select(_ => deletes));
            }

            var result = await messages.SubmitAsync(partition, operations, CancellationToken.None);
            if (result.Committed)
                rest.RemoveRange(0, rest.IndexOf(owners[^1]) + 1);
            else
                rest.Remove(owners[Math.Max(0, result.FailedIndex)]);
        }
    }
}
