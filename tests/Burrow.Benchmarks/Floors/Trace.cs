using Burrow.Queues;
using Burrow.Tables;

namespace Burrow.Benchmarks.Floors;

/// <summary>One request to storage that an engine made.</summary>
/// <param name="Table">The table.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Ended">How many requests had ended when this one began. It waited for no others.</param>
internal sealed record TraceRequest(string Table, string Partition, int Ended)
{
    /// <summary>The row key of a get.</summary>
    public string? Key { get; init; }

    /// <summary>The query, if the request is one.</summary>
    public RowQuery? Query { get; init; }

    /// <summary>The operations of a transaction.</summary>
    public IReadOnlyList<Operation>? Operations { get; init; }
}

/// <summary>What an engine requested from storage. It can be replayed without the engine.</summary>
/// <param name="Requests">The requests in the order in which they began.</param>
/// <param name="Ends">The indexes of the requests in the order in which they ended.</param>
/// <param name="Setup">How many of the first requests only prepare.</param>
/// <param name="Messages">What the other requests did, in the unit of the benchmark.</param>
internal sealed record Trace(IReadOnlyList<TraceRequest> Requests, IReadOnlyList<int> Ends, int Setup, int Messages)
{
    private const string Head = "h";

    /// <summary>Messages per transaction on the table of messages; 0 if there is no transaction.</summary>
    public double Group => Requests.Skip(Setup).Count(IsOnMessages) is > 0 and var transactions ? Messages / (double)transactions : 0;

    /// <summary>The puts of this trace in transactions of the given sizes, one transaction after another.</summary>
    public Trace Regrouped(IReadOnlyList<int> sizes, int messages)
    {
        // A transaction writes the head's row, then three rows for each put: by id, in line, and by expiry.
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
