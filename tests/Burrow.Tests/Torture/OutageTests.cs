using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Storage that goes away while the local process serves, and comes back.</summary>
public sealed class OutageTests(ITestOutputHelper output)
{
    private const string Elsewhere = "outage/elsewhere";

    /// <summary>One request of each kind, and its response where there are no messages.</summary>
    private static readonly (HttpMethod Method, string Target, HttpStatusCode Status)[] Kinds =
    [
        (HttpMethod.Put, $"v1.0/{Elsewhere}/m?ttl=1", HttpStatusCode.Created),
        (HttpMethod.Get, $"v1.0/{Elsewhere}-not", HttpStatusCode.NotFound),
        (HttpMethod.Get, $"v1.0/{Elsewhere}-not?wait=1", HttpStatusCode.NotFound),
        (HttpMethod.Post, $"v1.0/{Elsewhere}-not?limit=1&hide=1", HttpStatusCode.NotFound),
        (HttpMethod.Post, $"v1.0/{Elsewhere}-not?hide=1", HttpStatusCode.NotFound),
        (HttpMethod.Delete, $"v1.0/{Elsewhere}-not?limit=1&detail=all", HttpStatusCode.NotFound),
        (HttpMethod.Delete, $"v1.0/{Elsewhere}-not", HttpStatusCode.NotFound),
        (HttpMethod.Get, $"v1.0/{Elsewhere}/not", HttpStatusCode.NotFound),
        (HttpMethod.Post, $"v1.0/{Elsewhere}/not?hide=1", HttpStatusCode.NotFound),
        (HttpMethod.Delete, $"v1.0/{Elsewhere}/not", HttpStatusCode.NotFound),
        (HttpMethod.Get, "v1.0", HttpStatusCode.OK),
        (HttpMethod.Get, "v1.0/unused", HttpStatusCode.NotFound),
        (HttpMethod.Delete, "v1.0/unused", HttpStatusCode.NotFound),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_storage_is_away_clients_are_told_so_and_when_it_is_back_they_are_served_and_nothing_is_lost()
    {
        using var folder = new TemporaryFolder();
        await using var azurite = await StoppableAzurite.StartAsync(folder.File("azurite"));
        await using var burrow = await BurrowProcess.StartAsync($"azure:{azurite.ConnectionString}");
        var random = new Random(TortureSize.Seed);
        TenantQueue[] queues = [new("outage", "left", 3, random), new("outage", "right", 3, random)];
        // A message that keeps the account listed, whatever the clients take.
        (await burrow.Http.PutAsync(
            $"v1.0/{Elsewhere}/stays?ttl=0", new StringContent("x"), Token)).StatusCode.ShouldBe(HttpStatusCode.Created);
        for (var outage = 0; outage < TortureSize.Outages; outage++)
        {
            var load = new Load(burrow.Http);
            var acting = Task.WhenAll(queues.Select(queue => queue.ActAsync(load.SendAsync, () => load.IsEnough)));
            try
            {
                await load.AnsweredAsync(served: random.Next(50, 300), acting);
                await azurite.StopAsync();
                await Task.WhenAll(Kinds.Select(kind => load.SendAsync(kind.Method, kind.Target, Content(kind.Method), null)));
                load.Refused.ShouldBeGreaterThanOrEqualTo(Kinds.Length);
                (await BatchAsync(burrow.Http)).ShouldBe([503, 503]);

                await azurite.StartAsync();
                await Task.WhenAll(Kinds.Select(kind => load.UntilServedAsync(kind.Method, kind.Target, kind.Status)));
                // One put may still get a 503 because its outcome is unknown: its transaction began before the outage.
                while ((await BatchAsync(burrow.Http)).Contains(503))
                    Token.ThrowIfCancellationRequested();
                await load.AnsweredAsync(load.Served + 100, acting);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"Seed {TortureSize.Seed}, outage {outage}. The process said:\n"
                    + $"{burrow.Output[^Math.Min(burrow.Output.Length, 3000)..]}",
                    e);
            }
            finally
            {
                load.IsEnough = true;
            }

            await acting;
            output.WriteLine(
                $"Outage {outage}: {load.Served} requests served, {load.Refused} refused, "
                + $"the slowest of those in {load.Slowest.TotalSeconds:0.0} s");
            foreach (var queue in queues)
                await queue.JudgeAsync(burrow.Http);
        }

        foreach (var queue in queues)
            await queue.EmptyAsync(burrow.Http);
        burrow.Output.ShouldNotContain("fail:");
    }

    private static StringContent? Content(HttpMethod method) => method == HttpMethod.Put ? new("x") : null;

    private static async Task<int[]> BatchAsync(HttpClient http)
    {
        using var items = new StringContent("""[{"id":"m","ttl":1},{"op":"delete","id":"m"}]""", Encoding.UTF8, "application/json");
        var answer = await http.PostAsync($"batch/{Elsewhere}", items, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return [
            .. JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token))
                .EnumerateArray()
                .Select(outcome => outcome.GetProperty("status").GetInt32())];
    }

    /// <summary>
    /// Sends the clients' requests and counts the responses. Every request must get one: either a good one, or 503 in the
    /// protocol's form.
    /// </summary>
    private sealed class Load(HttpClient http)
    {
        private readonly ConcurrentBag<TimeSpan> refused = [];
        private int served;

        public bool IsEnough { get; set; }

        public int Served => Volatile.Read(ref served);

        public int Refused => refused.Count;

        public TimeSpan Slowest => refused.Max();

        public async Task<HttpResponseMessage?> SendAsync(HttpMethod method, string target, HttpContent? content, string? ifMatch)
        {
            using var request = new HttpRequestMessage(method, target) { Content = content };
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            var begun = System.Diagnostics.Stopwatch.GetTimestamp();
            // HttpClient's timeout of 100 s ends a request that hangs.
            var answer = await http.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                answer.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
                answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
                JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("status").GetInt32().ShouldBe(503);
                refused.Add(System.Diagnostics.Stopwatch.GetElapsedTime(begun));
                return null;
            }

            ((int)answer.StatusCode).ShouldBeLessThan(500, $"{method} {target}");
            Interlocked.Increment(ref served);
            return answer;
        }

        public async Task UntilServedAsync(HttpMethod method, string target, HttpStatusCode status)
        {
            HttpResponseMessage? answer;
            do
                answer = await SendAsync(method, target, Content(method), null);
            while (answer is null);
            (answer.StatusCode == status
                || (method == HttpMethod.Put
                    && answer.StatusCode == HttpStatusCode.OK)).ShouldBeTrue($"{method} {target} {answer.StatusCode}");
        }

        /// <summary>Waits until that many requests were served, or a client has failed.</summary>
        public async Task AnsweredAsync(int served, Task acting)
        {
            while (Served < served && !acting.IsCompleted)
                await Task.Delay(20);
            if (acting.IsCompleted)
                await acting;
        }
    }
}
