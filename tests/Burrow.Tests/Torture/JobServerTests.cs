using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>A job server's day: many callers wait for jobs, of which some are the same, and workers die.</summary>
public sealed class JobServerTests
{
    private const int Callers = 20;
    private const int JobsOfEach = 50;
    private const int Workers = 6;

    private readonly ConcurrentDictionary<string, int> done = new();
    private readonly ConcurrentDictionary<string, bool> abandoned = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_job_is_done_once_and_every_caller_sees_its_progress_in_order_and_has_its_result()
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await BurrowProcess.StartAsync($"sqlite:{folder.File("burrow.db")}");
        using var closing = new CancellationTokenSource();
        var workers = Enumerable.Range(0, Workers).Select(number => WorkAsync(burrow.Http, number, closing.Token)).ToList();

        var calls = new List<(string Id, string Result, List<int> Progress)>();
        for (var round = 0; round < JobsOfEach; round++)
            calls.AddRange(await CallAsync(burrow.Http, round));

        await closing.CancelAsync();
        await Task.WhenAll(workers);
        calls.Count.ShouldBe(Callers * JobsOfEach);
        foreach (var (id, result, progress) in calls)
        {
            result.ShouldBe($"result of {id}");
            progress.ShouldBe(progress.Order());
        }

        calls.Count(call => call.Progress.Count > 0).ShouldBeGreaterThan(Callers);
        // A third of the jobs are the same for all callers.
        var ids = calls.Select(call => call.Id).ToHashSet();
        ids.Count.ShouldBeLessThan(Callers * JobsOfEach * 3 / 4);
        done.Keys.ToHashSet().SetEquals(ids).ShouldBeTrue();
        done.Values.ShouldAllBe(times => times == 1);
        abandoned.Count.ShouldBeGreaterThan(2);
    }

    /// <summary>Every caller asks for a job and waits for its result; in a third of the rounds, all for the same one.</summary>
    private static async Task<(string Id, string Result, List<int> Progress)[]> CallAsync(HttpClient http, int round)
    {
        var ids = Enumerable.Range(0, Callers).Select(caller => round % 3 == 0 ? $"same-{round}" : $"{caller}-{round}").ToList();
        var created = await Task.WhenAll(ids.Select(id => PutAsync(http, id)));
        created.Count(one => one).ShouldBe(ids.Distinct().Count());
        var results = Task.WhenAll(ids.Select(async id =>
        {
            var (result, progress) = await ResultOfAsync(http, id);
            return (id, result, progress);
        }));
        // All have asked. A job that was done before would be done again for whoever asks later.
        (await http.PostAsync("v1.0/a/jobs?hide=0&match_hidden=true", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        return await results;
    }

    /// <returns>Whether it is new: no other caller has asked for it.</returns>
    private static async Task<bool> PutAsync(HttpClient http, string id)
    {
        using var put = new HttpRequestMessage(HttpMethod.Put, $"v1.0/a/jobs/{id}?ttl=0&hide=3600&result=600");
        put.Content = new StringContent(id);
        put.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        using var answer = await http.SendAsync(put, Token);
        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.PreconditionFailed);
        return answer.StatusCode == HttpStatusCode.Created;
    }

    private static async Task<(string Result, List<int> Progress)> ResultOfAsync(HttpClient http, string id)
    {
        var progress = new List<int>();
        EntityTagHeaderValue? seen = null;
        while (true)
        {
            using var get = new HttpRequestMessage(HttpMethod.Get, $"results/a/jobs/{id}?wait=20");
            if (seen is not null)
                get.Headers.IfNoneMatch.Add(seen);
            using var answer = await http.SendAsync(get, Token);
            if (answer.StatusCode == HttpStatusCode.NotModified)
                continue;
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            seen = answer.Headers.ETag;
            var text = await answer.Content.ReadAsStringAsync(Token);
            switch (answer.Headers.GetValues("Burrow-State").Single())
            {
                case "done":
                    return (text, progress);
                case "running" when text.Length > 0:
                    progress.Add(int.Parse(text, null));
                    break;
            }
        }
    }

    private async Task WorkAsync(HttpClient http, int number, CancellationToken closing)
    {
        for (var claims = 1; !closing.IsCancellationRequested; claims++)
        {
            using var claim = await http.PostAsync("v1.0/a/jobs?limit=1&hide=1&wait=1&detail=full", null, Token);
            if (claim.StatusCode == HttpStatusCode.NotFound)
                continue;
            using var json = JsonDocument.Parse(await claim.Content.ReadAsStringAsync(Token));
            var (id, receipt) = (json.RootElement[0].GetProperty("id").GetString()!, json.RootElement[0].GetProperty("etag").GetString()!);
            // This worker dies: after its hide, the job is the next one's.
            if (number < 2 && claims % 30 == 0 && abandoned.TryAdd(id, true))
                continue;
            var isMine = true;
            for (var step = 1; step <= 2; step++)
                isMine &= await SendAsync(http, HttpMethod.Put, $"results/a/jobs/{id}", $"{step}", receipt);
            if (isMine && await SendAsync(http, HttpMethod.Post, $"v1.0/a/jobs/{id}?outcome=done", $"result of {id}", receipt))
                done.AddOrUpdate(id, 1, (_, times) => times + 1);
        }
    }

    /// <returns>False if the job is another worker's by now.</returns>
    private static async Task<bool> SendAsync(HttpClient http, HttpMethod method, string target, string body, string receipt)
    {
        using var request = new HttpRequestMessage(method, target) { Content = new StringContent(body) };
        request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(receipt));
        using var answer = await http.SendAsync(request, Token);
        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.PreconditionFailed, HttpStatusCode.NotFound);
        return answer.StatusCode == HttpStatusCode.OK;
    }
}
