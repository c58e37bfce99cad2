namespace Burrow.Tables;

/// <summary>
/// One table of rows, as small as Azure Table storage itself: rows have a partition and a key, are read one at a time or by
/// a range of keys within a partition, and change in entity group transactions. All engines promise the same, limits
/// included (<see cref="TableLimits"/>); what one caller was told is committed, every later read of anybody sees.
/// </summary>
/// <remarks>
/// Every method throws <see cref="TableUnavailableException"/> where storage does not answer or is too busy. For
/// <see cref="SubmitAsync"/> that leaves the outcome unknown.
/// </remarks>
public interface ITable
{
    /// <summary>The row of that key, or null.</summary>
    Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken);

    /// <summary>
    /// A page of the rows in a range, in ordinal order of their keys. A page may hold fewer rows than asked for, even none,
    /// and still have a <see cref="RowPage.Continuation"/>; only null there says that the range has ended.
    /// </summary>
    Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken);

    /// <summary>Carries out all operations or none.</summary>
    /// <param name="partition">The one partition that all operations are on.</param>
    /// <param name="operations">1 to 100, each on another row, within <see cref="TableLimits"/>.</param>
    /// <param name="cancellationToken">Cancelled while under way: the outcome is unknown.</param>
    Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken);
}
