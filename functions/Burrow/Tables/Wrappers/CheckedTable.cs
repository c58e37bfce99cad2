namespace Burrow.Tables.Wrappers;

/// <summary>Checks the limits before every engine, so that all engines refuse the same requests.</summary>
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
