using System.Diagnostics;
using System.Net.ServerSentEvents;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>How soon many readers that follow one queue have a message that is put.</summary>
internal sealed class Streams(Session session)
{
    private const int Readers = 1000;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Streams",
            $"{Readers:n0} connections follow one queue as a stream of server-sent events, and another one puts. "
            + "The time runs from the put until the last of them has the message. They all wait for the same, so one read serves them.",
            "process", "readers", "puts", "p50", "p99");
        foreach (var server in (Server[])[await session.MemoryAsync(), await session.SqliteAsync()])
        {
            foreach (var readers in (int[])[1, Readers])
            {
                var latencies = await SampleAsync(server, readers, session.Scale(10) * session.Runs);
                section.Add(
                    server.Name,
                    Format.Count(readers),
                    $"{latencies.Count}",
                    Format.Time(latencies.Percentile(0.5)),
                    Format.Time(latencies.Percentile(0.99)));
                if (readers == Readers)
                {
                    section.AtMost(
                        $"{Readers:n0} streams of one queue, {server.Name}, until all have a message: p99",
                        1000,
                        latencies.Percentile(0.99).TotalMilliseconds,
                        Format.Milliseconds);
                }
            }
        }

        return section;
    }

    private static async Task<Latencies> SampleAsync(Server server, int readers, int puts)
    {
        using var ended = new CancellationTokenSource();
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue })
        {
            BaseAddress = server.Address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var queue = Server.NewQueue();
        var arrivals = new Arrivals(readers);
        var following = new List<Task>();
        foreach (var some in Enumerable.Range(0, readers).Chunk(50))
        {
            var opened = await Task.WhenAll(some.Select(_ => OpenAsync(http, queue, ended.Token)));
            following.AddRange(opened.Select(stream => FollowAsync(stream, arrivals, ended.Token)));
        }

        var latencies = new Latencies();
        using var putter = await Connection.OpenAsync(server.Address);
        // The first one is not counted: the streams may not all wait yet.
        for (var i = 0; i <= puts; i++)
        {
            var all = arrivals.Next();
            var begun = Stopwatch.GetTimestamp();
            await putter.SendAsync(new HttpRequestBytes("PUT", $"/v1.0/{queue}/m{i}?ttl=0", Sizes.Text).Bytes, 201);
            var arrived = await all;
            if (i > 0)
                latencies.Add(begun, arrived);
        }

        await ended.CancelAsync();
        await Task.WhenAll(following);
        return latencies;
    }

    private static async Task<Stream> OpenAsync(HttpClient http, string queue, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1.0/{queue}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
    }

    private static async Task FollowAsync(Stream stream, Arrivals arrivals, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var _ in SseParser.Create(stream).EnumerateAsync(cancellationToken))
                arrivals.Note();
        }
        catch (OperationCanceledException)
        {
            // The samples are taken.
        }
    }

    /// <summary>Finds out when a message has arrived at all readers.</summary>
    private sealed class Arrivals(int readers)
    {
        private TaskCompletionSource<long> all = new();
        private int left;

        /// <summary>The time at which the next message is everywhere.</summary>
        public Task<long> Next()
        {
            (all, left) = (new(TaskCreationOptions.RunContinuationsAsynchronously), readers);
            return all.Task;
        }

        public void Note()
        {
            if (Interlocked.Decrement(ref left) == 0)
                all.SetResult(Stopwatch.GetTimestamp());
        }
    }
}
