using System.Net;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Local;

/// <summary>What a queue is for, tested over HTTP as tenants use it: many clients at once, some of which die.</summary>
public sealed class WorkloadTests(Azurite azurite)
{
    private const int Hide = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task Eight_workers_of_whom_some_die_process_every_message_and_none_within_anothers_hide(string tables)
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await BurrowProcess.StartAsync(tables == "sqlite" ? $"sqlite:{folder.File("burrow.db")}" : tables);
        for (var i = 0; i < 2000; i += 500)
            await BatchAsync(burrow.Http, "v1.0/work/jobs", Enumerable.Range(i, 500).Select(n => $"{n:d4}"));

        var claims = new List<(string Id, int Worker, long Asked, long Answered, long Deliveries)>();
        var done = new HashSet<string>();
        var dead = 0;
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            while (true)
            {
                bool complete;
                lock (done)
                    complete = done.Count == 2000;
                if (complete)
                    return;
                var asked = Environment.TickCount64;
                var answer = await burrow.Http.PostAsync($"v1.0/work/jobs?limit=1&hide={Hide}&wait=1&detail=full", null);
                if (answer.StatusCode == HttpStatusCode.NotFound)
                    continue;
                answer.StatusCode.ShouldBe(HttpStatusCode.OK, burrow.Output.Split("fail:")[^1]);
                var message = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement[0];
                var id = message.GetProperty("id").GetString()!;
                lock (claims)
                    claims.Add((id, worker, asked, Environment.TickCount64, message.GetProperty("deliveries").GetInt64()));
                if (random.Next(10) == 0)
                {
                    // The worker dies while it holds the message. The loop continues as a new worker.
                    Interlocked.Increment(ref dead);
                    continue;
                }

                using var delete = new HttpRequestMessage(HttpMethod.Delete, $"v1.0/work/jobs/{id}");
                delete.Headers.TryAddWithoutValidation("If-Match", message.GetProperty("etag").GetString());
                var deleted = await burrow.Http.SendAsync(delete);
                // The worker may be too slow: the hide has ended, and another worker holds the message or has deleted it.
                deleted.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.PreconditionFailed, HttpStatusCode.NotFound);
                if (deleted.StatusCode == HttpStatusCode.OK)
                {
                    lock (done)
                        done.Add(id).ShouldBeTrue($"{id} was deleted twice");
                }
            }
        })).ToList();
        await Task.WhenAll(workers);

        done.Count.ShouldBe(2000);
        dead.ShouldBeGreaterThan(50);
        (await burrow.Http.GetAsync("v1.0/work/jobs?match_hidden=true", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        // First in, first out: the messages that a worker gets as the first one are in order.
        foreach (var worker in claims.Where(claim => claim.Deliveries == 1).GroupBy(claim => claim.Worker))
            worker.Select(claim => claim.Id).ShouldBe(worker.Select(claim => claim.Id).Order());
        NoneShouldBeClaimedWithinAHide(claims);
    }

    [Fact]
    public async Task Claims_one_after_another_are_first_in_first_out()
    {
        await using var burrow = await BurrowProcess.StartAsync("memory");
        await BatchAsync(burrow.Http, "v1.0/work/jobs", Enumerable.Range(0, 300).Select(n => $"{n:d4}"));

        var ids = new List<string>();
        while (ids.Count < 300)
        {
            var answer = await burrow.Http.PostAsync("v1.0/work/jobs?limit=7&hide=60&detail=id", null, Token);
            ids.AddRange(JsonSerializer.Deserialize<string[]>(await answer.Content.ReadAsStringAsync(Token))!);
        }

        ids.ShouldBe(Enumerable.Range(0, 300).Select(n => $"{n:d4}"));
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task Four_readers_each_see_what_eight_writers_put_once_and_in_one_order(string tables)
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await BurrowProcess.StartAsync(tables == "sqlite" ? $"sqlite:{folder.File("burrow.db")}" : tables);
        await FollowAsync([burrow.Http], messages: 5000);
    }

    [Fact]
    public async Task Readers_of_two_processes_on_one_storage_account_see_what_both_put_once_and_in_one_order()
    {
        var tables = $"azure:{await azurite.ConnectionStringAsync()}";
        var prefix = Stores.NewPrefix();
        await using var first = await BurrowProcess.StartAsync(tables, prefix);
        await using var second = await BurrowProcess.StartAsync(tables, prefix);

        await FollowAsync([first.Http, second.Http], messages: 400);
    }

    private static async Task FollowAsync(HttpClient[] processes, int messages)
    {
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < messages / 8; i++)
            {
                var put = await processes[writer % processes.Length].PutAsync($"v1.0/news/all/{writer}-{i:d4}", new StringContent(""));
                put.StatusCode.ShouldBe(HttpStatusCode.Created);
            }
        })).ToList();
        var readers = Enumerable.Range(0, 4).Select(reader => Task.Run(async () =>
        {
            var seen = new List<string>();
            while (seen.Count < messages)
            {
                var marker = seen.Count == 0 ? "" : $"&marker={seen[^1]}";
                var answer = await processes[reader % processes.Length].GetAsync($"v1.0/news/all?wait=20&detail=id{marker}");
                answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                seen.AddRange(JsonSerializer.Deserialize<string[]>(await answer.Content.ReadAsStringAsync())!);
            }

            return seen;
        })).ToList();
        await Task.WhenAll(writers);
        var all = await Task.WhenAll(readers);

        all[0].ShouldBeUnique();
        all[0].Count.ShouldBe(messages);
        all.ShouldAllBe(seen => seen.SequenceEqual(all[0]));
        // Messages that one writer put one after another stand in that order.
        foreach (var writer in all[0].GroupBy(id => id.Split('-')[0]))
            writer.ShouldBe(writer.Order());
    }

    private static async Task BatchAsync(HttpClient http, string queue, IEnumerable<string> ids)
    {
        var items = string.Join('\n', ids.Select(id => $$"""{"id":"{{id}}","body":"work {{id}}"}"""));
        var answer = await http.PostAsync(queue.Replace("v1.0", "batch"), new StringContent(items, null, "application/x-ndjson"), Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static void NoneShouldBeClaimedWithinAHide(
        IEnumerable<(string Id, int Worker, long Asked, long Answered, long Deliveries)> claims)
    {
        foreach (var message in claims.GroupBy(claim => claim.Id))
        {
            var deliveries = message.OrderBy(claim => claim.Deliveries).ToList();
            deliveries.Select(claim => claim.Deliveries).ShouldBe(
                Enumerable.Range(1, deliveries.Count).Select(n => (long)n), $"{message.Key}");
            foreach (var (earlier, later) in deliveries.Zip(deliveries.Skip(1)))
            {
                // The process makes a claim after the request and before the response. The two clocks may differ a little.
                (later.Answered - earlier.Asked).ShouldBeGreaterThanOrEqualTo(
                    Hide * 1000 - 50, $"{message.Key}: claimed again within its hide");
            }
        }
    }
}
