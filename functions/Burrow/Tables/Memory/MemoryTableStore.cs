using System.Collections.Concurrent;
using Burrow.Tables.Wrappers;

namespace Burrow.Tables.Memory;

/// <summary>Tables in the memory of this process. They are lost when it ends.</summary>
public sealed class MemoryTableStore : ITableStore
{
    private readonly ConcurrentDictionary<string, ITable> tables = new();

    /// <inheritdoc/>
    public ITable Open(string name) =>
        tables.GetOrAdd(name, name => new ObservedTable(new MeteredTable(new CheckedTable(new MemoryTable())), "memory", name));

    /// <inheritdoc/>
    public Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken) => Task.CompletedTask;
}
