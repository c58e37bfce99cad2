using Burrow.Queues;
using Burrow.Tables;

namespace Burrow.Benchmarks.Floors;

/// <summary>One request to storage that an engine made.</summary>
/// <param name="Table">On which table.</param>
/// <param name="Partition">Of which partition.</param>
/// <param name="Ended">How many requests had ended when it began: it didn't wait for any other.</param>
internal sealed record TraceRequest(string Table, string Partition, int Ended)
{
    /// <summary>Of a get.</summary>
    public string? Key { get; init; }

    /// <summary>Of a query.</summary>
    public RowQuery? Query { get; init; }

    /// <summary>Of a transaction.</summary>
    public IReadOnlyList<Operation>? Operations { get; init; }
}

/// <summary>What an engine asked of storage, to be asked again without it.</summary>
/// <param name="Requests">In the order in which they began.</param>
/// <param name="Ends">The same, by index, in the order in which they ended.</param>
/// <param name="Setup">So many of the first only prepare.</param>
/// <param name="Messages">What the rest did, in the unit of the benchmark.</param>
internal sealed record Trace(IReadOnlyList<TraceRequest> Requests, IReadOnlyList<int> Ends, int Setup, int Messages)
{
    private const string Head = "h";

    /// <summary>Messages per transaction on the messages; 0 where there is none.</summary>
    public double Group => Requests.Skip(Setup).Count(IsOnMessages) is > 0 and var transactions ? Messages / (double)transactions : 0;

    /// <summary>The puts of this trace, so many in each transaction, one transaction after another.</summary>
    public Trace Regrouped(IReadOnlyList<int> sizes, int messages)
    {
        // The head's row, and then three for each put: by id, in line, and when it expires.
        var transactions = Requests.Where(IsOnMessages)
            .Select(request => request.Operations!)
            .Where(operations => operations[0].Key == Head);
        var (head, puts) = (transactions.Last()[0], new Queue<Operation[]>(
            transactions.SelectMany(operations => operations.Skip(1).Chunk(3))));
        if (puts.Count < messages)
            throw new BenchmarkException($"{messages} puts are to be replayed, but {puts.Count} were recorded.");
        var partition = Requests.First(IsOnMessages).Partition;
        var requests = new List<TraceRequest>
        {
            new(QueueEngine.TableNames[0], partition, 0) { Operations = [Operation.Upsert(Head, head.Columns!)] },
        };
        for (var left = messages; left > 0;)
        {
            var size = Math.Min(left, sizes[requests.Count % sizes.Count]);
            left -= size;
            requests.Add(new(QueueEngine.TableNames[0], partition, requests.Count)
            {
                Operations = [head, .. Enumerable.Range(0, size).SelectMany(_ => puts.Dequeue())],
            });
        }

        return new(requests, [.. Enumerable.Range(0, requests.Count)], 1, messages);
    }

    private static bool IsOnMessages(TraceRequest request) => request.Table == QueueEngine.TableNames[0] && request.Operations is not null;
}
