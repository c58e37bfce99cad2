namespace Burrow.Tables.Wrappers;

/// <summary>Stands in front of every engine, so that all of them refuse the same.</summary>
internal sealed class CheckedTable(ITable engine) : ITable
{
    public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken)
    {
        TableLimits.CheckKey(partition);
        TableLimits.CheckKey(key);
        return engine.GetAsync(partition, key, cancellationToken);
    }

    public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken)
    {
        TableLimits.Check(partition, query);
        return engine.QueryAsync(partition, query, cancellationToken);
    }

    public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        TableLimits.Check(partition, operations);
        return engine.SubmitAsync(partition, operations, cancellationToken);
    }
}
