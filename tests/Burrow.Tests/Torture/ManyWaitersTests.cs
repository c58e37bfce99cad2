using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Many connections that wait on one local process.</summary>
[Collection(nameof(TortureCollection))]
public sealed partial class ManyWaitersTests(ITestOutputHelper output)
{
    private const int PerQueue = 4;

    /// <summary>
    /// In seconds. It is longer than the test waits for anything. So a request that ends earlier does not end because its time is
    /// up.
    /// </summary>
    private const int Wait = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_are_held_and_woken_by_their_own_queue_and_those_who_go_away_are_let_go_at_once()
    {
        await using var burrow = await BurrowProcess.StartAsync("memory");
        // The full count is more than an account may have by default.
        using var limits = new StringContent("""{"waiting":1000000}""");
        (await burrow.Http.PutAsync("limits/waiting", limits, Token)).EnsureSuccessStatusCode();
        using var process = Process.GetProcessById(burrow.Id);
        var empty = process.WorkingSet64;
        var queues = new List<WaitedQueue>();
        try
        {
            for (var i = 0; i < TortureSize.WaitedQueues; i++)
                queues.Add(await WaitedQueue.ConnectAsync(burrow, $"waiting/q{i}", claims: i % 5 == 4));
            await Task.WhenAll(queues.Select(queue => queue.AskAsync()));
            await ConnectionsAsync(burrow, queues.Count * PerQueue);

            var cpu = await CpuAsync(process);
            process.Refresh();
            var held = process.WorkingSet64;
            queues.ShouldAllBe(queue => queue.AreAllWaiting);
            var latencies = await WakeAllAsync(burrow, queues, PerQueue);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{queues.Count * PerQueue} waiting on {queues.Count} queues: {held >> 20} MiB ({empty >> 20} before), "
                + $"{cpu:0.000} s of CPU per second; "
                + $"woken in {Percentile(latencies, 50):0.0} ms (median), {Percentile(latencies, 99):0.0} ms (p99)"));

            await EmptyAsync(burrow);
            await Task.WhenAll(queues.Select(queue => queue.AskAsync()));
            await ConnectionsAsync(burrow, queues.Count * PerQueue);
            foreach (var queue in queues)
                await queue.LeaveAsync(PerQueue / 2);
            // The process logs a line for each request that has ended: first those that were woken, now those whose client left.
            await UntilAsync(() => Ended().Count(burrow.Output), count => count == queues.Count * PerQueue * 3 / 2);
            queues.ShouldAllBe(queue => queue.AreAllWaiting);
            // If the process had served a claim of a client that left, one of the remaining clients would get nothing.
            await WakeAllAsync(burrow, queues, PerQueue / 2);
        }
        finally
        {
            foreach (var queue in queues)
                await queue.DisposeAsync();
        }

        await EmptyAsync(burrow);
        burrow.Output.ShouldNotContain("fail:");
    }

    /// <summary>Puts to one queue after another. Checks that the clients that wait on it are woken, and no others.</summary>
    private static async Task<List<double>> WakeAllAsync(BurrowProcess burrow, List<WaitedQueue> queues, int waiters)
    {
        var latencies = new List<double>();
        for (var i = 0; i < queues.Count; i++)
        {
            latencies.AddRange(await queues[i].WakeAsync(burrow.Http, waiters));
            if (i % 25 == 0)
                queues.Skip(i + 1).ShouldAllBe(queue => queue.AreAllWaiting);
        }

        return latencies;
    }

    private static async Task EmptyAsync(BurrowProcess burrow)
    {
        (await burrow.Http.DeleteAsync("v1.0/waiting", Token)).EnsureSuccessStatusCode();
        (await burrow.Http.GetAsync("v1.0/waiting", Token)).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    /// <summary>Seconds of processor time per second, measured over a few seconds.</summary>
    private static async Task<double> CpuAsync(Process process)
    {
        process.Refresh();
        var (before, begun) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(3), Token);
        process.Refresh();
        return (process.TotalProcessorTime - before) / Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>Waits until the process has that many connections. The test's own client has some, too.</summary>
    private static Task ConnectionsAsync(BurrowProcess burrow, int count) =>
        UntilAsync(() => Established(burrow.Address.Port), open => open >= count);

    /// <summary>The connections of a local port, as the system counts them.</summary>
    private static int Established(int port)
    {
        var local = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        return File.ReadLines("/proc/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(fields => fields[1].EndsWith(local, StringComparison.Ordinal) && fields[3] == "01");
    }

    private static async Task UntilAsync(Func<int> count, Predicate<int> enough)
    {
        var begun = Stopwatch.GetTimestamp();
        int found;
        while (!enough(found = count()))
        {
            Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(Patience, $"There are {found}.");
            await Task.Delay(100, Token);
        }
    }

    [GeneratedRegex(@" (GET|POST) /v1\.0/waiting/q\d+ \d+ ")]
    private static partial Regex Ended();

    private static double Percentile(List<double> values, int percent) => values.Order().ElementAt((values.Count - 1) * percent / 100);

    /// <summary>A queue and the clients that wait on it. They read what arrives, or each claims one message.</summary>
    private sealed class WaitedQueue(string path, bool claims, List<WaitingConnection> connections) : IAsyncDisposable
    {
        private int puts;

        public bool AreAllWaiting => connections.TrueForAll(connection => connection.IsWaiting);

        public static async Task<WaitedQueue> ConnectAsync(BurrowProcess burrow, string path, bool claims)
        {
            var connections = new List<WaitingConnection>();
            for (var i = 0; i < PerQueue; i++)
                connections.Add(new(await RawHttp.ConnectAsync(burrow.Address), path, claims));
            return new(path, claims, connections);
        }

        public Task AskAsync() => Task.WhenAll(connections.Select(connection => connection.AskAsync(Wait)));

        /// <returns>How long each took, from before the put to the end of its response, in milliseconds.</returns>
        public async Task<IEnumerable<double>> WakeAsync(HttpClient http, int waiters)
        {
            connections.Count.ShouldBe(waiters);
            var ids = Enumerable.Range(0, claims ? waiters : 1).Select(_ => $"m{puts++}").ToList();
            var begun = Stopwatch.GetTimestamp();
            await Task.WhenAll(ids.Select(id => http.PutAsync($"v1.0/{path}/{id}", new StringContent($"body of {id}"))));
            var answers = await Task.WhenAll(connections.Select(connection => connection.WokenAsync().WaitAsync(Patience)));
            var seen = answers.Select(woken => One(woken.Answer)).ToList();
            if (claims)
                seen.Order().ShouldBe(ids.Order(), "Each message is claimed once.");
            else
                seen.ShouldAllBe(id => id == ids[0]);
            return answers.Select(woken => Stopwatch.GetElapsedTime(begun, woken.At).TotalMilliseconds);
        }

        /// <summary>Closes some of the connections.</summary>
        public async Task LeaveAsync(int count)
        {
            foreach (var connection in connections.Take(count))
                await connection.DisposeAsync();
            connections.RemoveRange(0, count);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var connection in connections)
                await connection.DisposeAsync();
        }

        private static string One(RawAnswer answer)
        {
            answer.Status.ShouldBe(200);
            var message = answer.Json.EnumerateArray().Single();
            var id = message.GetProperty("id").GetString()!;
            message.GetProperty("body").GetString().ShouldBe($"body of {id}");
            return id;
        }
    }
}
