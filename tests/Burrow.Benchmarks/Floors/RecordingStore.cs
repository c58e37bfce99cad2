using Burrow.Tables;

namespace Burrow.Benchmarks.Floors;

/// <summary>
/// Records the requests of an engine to its tables. Refused transactions are left out, because no transaction may be refused in
/// the replay.
/// </summary>
internal sealed class RecordingStore(ITableStore inner) : ITableStore
{
    private readonly Lock gate = new();
    private readonly List<TraceRequest?> requests = [];
    private readonly List<int> ends = [];
    private int setup;

    public ITable Open(string name) => new RecordingTable(this, inner.Open(name), name);

    public Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken) => inner.CreateAsync(names, cancellationToken);

    /// <summary>Ends the preparation. Only later requests count.</summary>
    public void EndSetup()
    {
        lock (gate)
            setup = requests.Count;
    }

    public Trace ToTrace(int messages)
    {
        lock (gate)
        {
            // Refused transactions leave gaps, which are closed. So each index, and each count of ended requests, is reduced by
            // the refused ones before it.
            var index = new int[requests.Count];
            var (kept, keptSetup) = (0, 0);
            for (var i = 0; i < requests.Count; i++)
            {
                if (i == setup)
                    keptSetup = kept;
                index[i] = requests[i] is null ? -1 : kept++;
            }

            var keptEnds = new List<int>(kept);
            var endedBefore = new int[ends.Count + 1];
            for (var i = 0; i < ends.Count; i++)
            {
                if (index[ends[i]] >= 0)
                    keptEnds.Add(index[ends[i]]);
                endedBefore[i + 1] = keptEnds.Count;
            }

            return new(
                [.. requests.OfType<TraceRequest>().Select(request => request with { Ended = endedBefore[request.Ended] })],
                keptEnds,
                keptSetup,
                messages);
        }
    }

    private int Begin(TraceRequest request)
    {
        lock (gate)
        {
            requests.Add(request with { Ended = ends.Count });
            return requests.Count - 1;
        }
    }

    private void End(int index, bool kept = true)
    {
        lock (gate)
        {
            ends.Add(index);
            if (!kept)
                requests[index] = null;
        }
    }

    private sealed class RecordingTable(RecordingStore store, ITable table, string name) : ITable
    {
        public async Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken)
        {
            var index = store.Begin(new(name, partition, 0) { Key = key });
            var row = await table.GetAsync(partition, key, cancellationToken);
            store.End(index);
            return row;
        }

        public async Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken)
        {
            var index = store.Begin(new(name, partition, 0) { Query = query });
            var page = await table.QueryAsync(partition, query, cancellationToken);
            store.End(index);
            return page;
        }

        public async Task<SubmitResult> SubmitAsync(
            string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
        {
            var index = store.Begin(new(name, partition, 0) { Operations = [.. operations.Select(Unconditional)] });
            var result = await table.SubmitAsync(partition, operations, cancellationToken);
            store.End(index, result.Committed);
            return result;
        }

        /// <summary>In the replay, rows have other ETags.</summary>
        private static Operation Unconditional(Operation operation) => operation.Kind switch
        {
            OperationKind.Replace => Operation.Replace(operation.Key, operation.Columns!, Operation.Any),
            OperationKind.Merge => Operation.Merge(operation.Key, operation.Columns!, Operation.Any),
            OperationKind.Delete => Operation.Delete(operation.Key, Operation.Any),
            _ => operation,
        };
    }
}
