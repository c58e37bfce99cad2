using System.Globalization;
using Burrow.Queues;
using Burrow.Tables;

namespace Burrow.Benchmarks.Load;

/// <summary>
/// Finds from outside how many puts a process committed together. The puts of one transaction have consecutive sequences. The
/// next transaction begins with a sequence from the clock, in steps of 100 ns.
/// </summary>
internal static class Grouping
{
    private const int SequenceLength = 16;

    /// <summary>The group sizes of messages in the middle of a queue, found by their cursors.</summary>
    public static async Task<IReadOnlyList<int>> SampleAsync(Uri server, string queue, long from, int count)
    {
        using var http = new HttpClient { BaseAddress = server };
        var sequences = new List<long>();
        var place = $"marker={from:d12}";
        for (var i = 0; i < count; i++)
        {
            using var answer = await http.GetAsync(new Uri($"/v1.0/{queue}?limit=1&detail=id&{place}", UriKind.Relative));
            if (!answer.Headers.TryGetValues("Burrow-Marker", out var markers))
                break;
            place = $"after={markers.Single()}";
            sequences.Add(Parse(markers.Single()));
        }

        return SizesOf(sequences);
    }

    /// <summary>The group sizes of all messages of a queue, found by the rows in its visible line.</summary>
    public static async Task<IReadOnlyList<int>> ReadAsync(ITable messages, QueueAddress queue)
    {
        var sequences = new List<long>();
        var query = new RowQuery("v!", "v!~") { Select = ["id"] };
        do
        {
            var page = await messages.QueryAsync(queue.Partition, query, CancellationToken.None);
            sequences.AddRange(page.Rows.Select(row => Parse(row.Key[^SequenceLength..])));
            query = query with { Continuation = page.Continuation };
        }
        while (query.Continuation is not null);
        return SizesOf(sequences);
    }

    private static long Parse(string sequence) => long.Parse(sequence, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>The first and the last group may be cut, so they are left out.</summary>
    private static List<int> SizesOf(List<long> sequences)
    {
        var sizes = new List<int> { 0 };
        for (var i = 0; i < sequences.Count; i++)
        {
            if (i > 0 && sequences[i] != sequences[i - 1] + 1)
                sizes.Add(0);
            sizes[^1]++;
        }

        return sizes.Count > 2 ? sizes[1..^1] : throw new BenchmarkException("Too few messages to see how they were put.");
    }
}
