namespace Burrow.Tables;

/// <summary>
/// One table of rows, with no more functions than Azure Table storage itself. Rows have a partition and a key. A caller reads one row,
/// or a range of keys within a partition, and changes rows in entity group transactions. All engines promise the same, including the
/// limits (<see cref="TableLimits"/>). Once one caller has the response that a transaction is committed, every later read by any caller
/// sees it.
/// </summary>
/// <remarks>
/// Every method throws <see cref="TableUnavailableException"/> when storage does not answer or is too busy. For
/// <see cref="SubmitAsync"/>, the outcome is then unknown.
/// </remarks>
public interface ITable
{
    /// <summary>Returns the row of that key, or null.</summary>
    Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken);

    /// <summary>
    /// Returns a page of the rows in a range, in ordinal order of their keys. A page may hold fewer rows than requested, or none, and
    /// still have a <see cref="RowPage.Continuation"/>. Only a continuation of null says that the range has ended.
    /// </summary>
    Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken);

    /// <summary>Carries out all operations or none.</summary>
    /// <param name="partition">The one partition of all operations.</param>
    /// <param name="operations">1 to 100, each on a different row, within <see cref="TableLimits"/>.</param>
    /// <param name="cancellationToken">Cancels the request. If it is cancelled while it runs, the outcome is unknown.</param>
    Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken);
}
