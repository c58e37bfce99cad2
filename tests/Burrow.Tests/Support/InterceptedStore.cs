using Burrow.Tables;

namespace Burrow.Tests.Support;

internal enum CallKind
{
    Get,
    Query,
    Submit,
}

/// <summary>One request to storage.</summary>
internal sealed record TableCall(string Table, string Partition, CallKind Kind, IReadOnlyList<Operation> Operations);

/// <summary>
/// A store that calls <see cref="Before"/> and <see cref="After"/> around every request. An exception that they throw reaches the
/// caller of the request.
/// </summary>
internal sealed class InterceptedStore(ITableStore inner) : ITableStore
{
    public Func<TableCall, Task> Before { get; set; } = _ => Task.CompletedTask;

    public Func<TableCall, Task> After { get; set; } = _ => Task.CompletedTask;

    public ITable Open(string name) => new InterceptedTable(this, inner.Open(name), name);

    public Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken) => inner.CreateAsync(names, cancellationToken);

    private sealed class InterceptedTable(InterceptedStore store, ITable table, string name) : ITable
    {
        public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken) =>
            CallAsync(new(name, partition, CallKind.Get, []), () => table.GetAsync(partition, key, cancellationToken));

        public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken) =>
            CallAsync(new(name, partition, CallKind.Query, []), () => table.QueryAsync(partition, query, cancellationToken));

        public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
            CallAsync(new(name, partition, CallKind.Submit, operations), () => table.SubmitAsync(partition, operations, cancellationToken));

        private async Task<T> CallAsync<T>(TableCall call, Func<Task<T>> carryOut)
        {
            await store.Before(call);
            var result = await carryOut();
            await store.After(call);
            return result;
        }
    }
}

/// <summary>Counts the requests to storage during a piece of work.</summary>
internal sealed class RequestCounter
{
    private readonly List<TableCall> calls = [];

    public RequestCounter(InterceptedStore store) => store.Before = call =>
    {
        lock (calls)
            calls.Add(call);
        return Task.CompletedTask;
    };

    public async Task<IReadOnlyList<TableCall>> CountAsync(Func<Task> work)
    {
        lock (calls)
            calls.Clear();
        await work();
        lock (calls)
            return [.. calls];
    }
}
