using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Jobs that answer (docs/reference/api.md, "Results").</summary>
public abstract class ResultTests(ServerFixture server) : ProtocolTests(server)
{
    private string Result => $"/results/{Account}/q/m";

    private string Message => $"{Queue}/m";

    [Fact]
    public async Task Whoever_put_it_waits_for_the_progress_and_the_result_that_a_worker_leaves()
    {
        (await PutAsync($"{Message}?ttl=0&result=60", "question", ("If-None-Match", "*"))).Status.ShouldBe(201);
        var running = await GetAsync(Result);
        Show(running).ShouldBe((200, "running", ""));
        await using var caller = await ConnectAsync();
        var waiting = caller.SendAsync("GET", $"{Result}?wait=20");

        var receipt = await ClaimAsync();
        var progress = await SendAsync(
            "PUT", Result, "{\"done\":0.5}"u8.ToArray(), ("If-Match", receipt), ("Content-Type", "application/json"));

        progress.Status.ShouldBe(200);
        var first = await Time.AdvanceUntilAsync(waiting, TimeSpan.FromSeconds(0.25));
        Show(first).ShouldBe((200, "running", "{\"done\":0.5}"));
        first.ContentType.ShouldBe("application/json");
        first.ETag.ShouldBe(progress.ETag);
        first.ETag.ShouldNotBe(running.ETag);
        // With the ETag of what it has, it waits for the next.
        waiting = caller.SendAsync("GET", $"{Result}?wait=20", null, ("If-None-Match", first.ETag!));
        (await SendAsync("POST", $"{Message}?outcome=done", "answer"u8.ToArray(), ("If-Match", receipt), ("Content-Type", "text/plain")))
            .Status.ShouldBe(200);
        var done = await Time.AdvanceUntilAsync(waiting, TimeSpan.FromSeconds(0.25));
        Show(done).ShouldBe((200, "done", "answer"));
        done.ContentType.ShouldBe("text/plain");
        (await GetAsync(Message)).Status.ShouldBe(404);
        (await GetAsync(Result, ("If-None-Match", done.ETag!))).Status.ShouldBe(304);
        Show(await SendAsync("HEAD", Result)).ShouldBe((200, "done", ""));
    }

    [Fact]
    public async Task At_the_end_of_the_wait_it_says_what_is_or_304()
    {
        await PutAsync($"{Message}?ttl=0&result=60");
        var etag = (await GetAsync(Result)).ETag!;
        await using var caller = await ConnectAsync();

        Show(await Time.AdvanceUntilAsync(caller.SendAsync("GET", $"{Result}?wait=5"), TimeSpan.FromSeconds(0.25)))
            .ShouldBe((200, "running", ""));
        var same = caller.SendAsync("GET", $"{Result}?wait=5", null, ("If-None-Match", etag));
        (await Time.AdvanceUntilAsync(same, TimeSpan.FromSeconds(0.25))).Status.ShouldBe(304);
        (await GetAsync(Result, ("If-Match", "\"other\""))).Status.ShouldBe(412);
    }

    [Fact]
    public async Task At_the_end_of_the_wait_it_also_says_what_no_request_has_told_it()
    {
        await PutAsync($"{Message}?ttl=19&result=60");
        await using var caller = await ConnectAsync();

        Show(await Time.AdvanceUntilAsync(caller.SendAsync("GET", $"{Result}?wait=20"), TimeSpan.FromSeconds(0.25)))
            .ShouldBe((200, "expired", ""));
    }

    [Fact]
    public async Task A_deletion_with_a_receipt_leaves_done_and_one_without_deleted()
    {
        await PutAsync($"{Message}?ttl=0&result=60");
        await DeleteAsync(Message, ("If-Match", await ClaimAsync()));
        Show(await GetAsync(Result)).ShouldBe((200, "done", ""));

        await PutAsync($"{Message}?ttl=0&result=60");
        Show(await GetAsync(Result)).ShouldBe((200, "running", ""));
        await DeleteAsync(Message);
        Show(await GetAsync(Result)).ShouldBe((200, "deleted", ""));

        await PutAsync($"{Message}?ttl=0&result=60");
        (await DeleteAsync($"{Queue}?limit=1&detail=id")).Strings.ShouldBe(["m"]);
        Show(await GetAsync(Result)).ShouldBe((200, "deleted", ""));

        await PutAsync($"{Message}?ttl=0&result=60");
        await DeleteAsync($"/v1.0/{Account}");
        Show(await GetAsync(Result)).ShouldBe((200, "deleted", ""));
    }

    [Fact]
    public async Task Death_is_said_with_its_cause_from_its_instant_and_a_redriven_one_runs_again()
    {
        await SendAsync("PUT", $"/policies/{Account}/p", """{"queues":"q","maxDeliveries":2}"""u8.ToArray());
        Time.Advance(TimeSpan.FromSeconds(5));
        await PutAsync($"{Message}?ttl=0&result=3600");
        (await PostAsync($"{Message}?outcome=failed&cause=no%20cheese", ("If-Match", await ClaimAsync()))).Status.ShouldBe(200);
        Show(await GetAsync(Result)).ShouldBe((200, "running", ""));
        var last = await ClaimAsync();
        await SendAsync("PUT", Result, "half"u8.ToArray(), ("If-Match", last));

        Time.Advance(TimeSpan.FromSeconds(60));

        Show(await GetAsync(Result)).ShouldBe((200, "dead", "no cheese"));
        var dead = (await GetAsync(Result)).ETag!;
        (await SendAsync("PUT", Result, "more"u8.ToArray(), ("If-Match", last))).Status.ShouldBe(404);
        // The worker was too late. Its cause is told all the same.
        (await PostAsync($"{Message}?outcome=failed&cause=too%20slow", ("If-Match", last))).Status.ShouldBe(200);
        var told = await GetAsync(Result, ("If-None-Match", dead));
        Show(told).ShouldBe((200, "dead", "too slow"));
        (await PostAsync($"/dead/{Account}/q/m")).Status.ShouldBe(200);
        Show(await GetAsync(Result)).ShouldBe((200, "running", ""));
        (await PostAsync($"{Message}?outcome=dead&cause=poison", ("If-Match", await ClaimAsync()))).Status.ShouldBe(200);
        Show(await GetAsync(Result)).ShouldBe((200, "dead", "poison"));
        // Purged, it stays dead for whoever waits.
        (await DeleteAsync($"/dead/{Account}/q/m")).Status.ShouldBe(200);
        Show(await GetAsync(Result)).ShouldBe((200, "dead", "poison"));
    }

    [Fact]
    public async Task A_late_worker_leaves_the_result_of_a_dead_message()
    {
        await PutAsync($"{Message}?ttl=0&result=60");
        await PostAsync($"{Message}?outcome=dead", ("If-Match", await ClaimAsync()));
        var receipt = (await GetAsync($"/dead/{Account}/q/m")).ETag!;

        (await SendAsync("POST", $"{Message}?outcome=done", "late"u8.ToArray(), ("If-Match", receipt))).Status.ShouldBe(200);

        Show(await GetAsync(Result)).ShouldBe((200, "done", "late"));
    }

    [Fact]
    public async Task Expiry_is_said_from_its_instant_and_the_result_is_kept_for_as_long_as_asked()
    {
        await PutAsync($"{Message}?ttl=30&result=60");
        Time.Advance(TimeSpan.FromSeconds(30));
        var expired = await GetAsync(Result);
        Show(expired).ShouldBe((200, "expired", ""));
        await PutAsync($"{Message}?ttl=30");
        // The message that expired has its end, also where another one is put in its place.
        Show(await GetAsync(Result)).ShouldBe((200, "expired", ""));
        // It is the same end, before and after a row says so.
        (await GetAsync(Result, ("If-None-Match", expired.ETag!))).Status.ShouldBe(304);
        Time.Advance(TimeSpan.FromSeconds(59));
        (await GetAsync(Result)).Status.ShouldBe(200);

        Time.Advance(TimeSpan.FromSeconds(1));

        (await GetAsync(Result)).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task Put_anew_an_id_begins_anew_and_a_replace_keeps_what_it_does_not_name()
    {
        await PutAsync($"{Message}?ttl=0&result=60");
        var receipt = await ClaimAsync();
        await SendAsync("PUT", Result, "half"u8.ToArray(), ("If-Match", receipt));
        await PutAsync($"{Message}?ttl=0");
        Show(await GetAsync(Result)).ShouldBe((200, "running", "half"));
        await PutAsync($"{Message}?ttl=0&result=60");
        Show(await GetAsync(Result)).ShouldBe((200, "running", ""));
        (await SendAsync("PUT", Result, "old"u8.ToArray(), ("If-Match", receipt))).Status.ShouldBe(412);
        (await SendAsync("POST", $"{Message}?outcome=done", "old"u8.ToArray(), ("If-Match", receipt))).Status.ShouldBe(412);
        Show(await GetAsync(Result)).ShouldBe((200, "running", ""));
    }

    [Fact]
    public async Task A_job_asked_for_twice_at_once_is_done_once_and_both_have_its_result()
    {
        (await PutAsync($"{Message}?ttl=0&result=60", "x", ("If-None-Match", "*"))).Status.ShouldBe(201);
        (await PutAsync($"{Message}?ttl=0&result=60", "x", ("If-None-Match", "*"))).Status.ShouldBe(412);
        await using var one = await ConnectAsync();
        await using var two = await ConnectAsync();
        RawHttp[] callers = [one, two];
        var waiting = callers.Select(caller => caller.SendAsync("GET", $"{Result}?wait=20")).ToList();

        await SendAsync("POST", $"{Message}?outcome=done", "result"u8.ToArray(), ("If-Match", await ClaimAsync()));

        foreach (var answer in waiting)
            Show(await Time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(0.25))).ShouldBe((200, "done", "result"));
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_and_nothing_is_lost()
    {
        foreach (var wrong in (string[])["0", "2592001", "-1", "x"])
            (await PutAsync($"{Message}?result={wrong}")).ShouldRefuse("result");
        await PutAsync($"{Message}?ttl=0&result=2592000");
        var receipt = await ClaimAsync();
        var large = new byte[32 * 1024 + 1];
        (await SendAsync("PUT", Result, "x"u8.ToArray())).Status.ShouldBe(428);
        (await SendAsync("PUT", Result, "x"u8.ToArray(), ("If-Match", "*"))).Status.ShouldBe(428);
        (await SendAsync("PUT", Result, "x"u8.ToArray(), ("If-Match", "\"other\""))).Status.ShouldBe(412);
        (await SendAsync("PUT", Result, large, ("If-Match", receipt))).Status.ShouldBe(413);
        (await SendAsync("POST", $"{Message}?outcome=done", large, ("If-Match", receipt))).Status.ShouldBe(413);
        (await SendAsync("PUT", $"/results/{Account}/q/none", "x"u8.ToArray(), ("If-Match", receipt))).ShouldBeAProblem(404);
        (await GetAsync($"/results/{Account}/q/none")).ShouldBeAProblem(404);
        (await GetAsync($"/results/{Account}/q/none?wait=20")).ShouldBeAProblem(404);
        (await GetAsync($"{Result}?wait=x")).ShouldRefuse("wait");
        (await DeleteAsync(Result)).Status.ShouldBe(405);
        Show(await GetAsync(Result)).ShouldBe((200, "running", ""));
        (await SendAsync("PUT", Result, large[1..], ("If-Match", receipt))).Status.ShouldBe(200);
        (await SendAsync("POST", $"{Message}?outcome=done", large[1..], ("If-Match", receipt))).Status.ShouldBe(200);
        (await GetAsync(Result)).Body.Length.ShouldBe(32 * 1024);

        // A message that nobody waits for.
        await PutAsync($"{Message}?ttl=0");
        receipt = await ClaimAsync();
        (await SendAsync("PUT", Result, "x"u8.ToArray(), ("If-Match", receipt))).Status.ShouldBe(400);
        (await SendAsync("POST", $"{Message}?outcome=done", "x"u8.ToArray(), ("If-Match", receipt))).Status.ShouldBe(400);
        (await PostAsync($"{Message}?outcome=done", ("If-Match", receipt))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_batch_puts_jobs_and_leaves_their_results()
    {
        var put = await BatchAsync(
            """{"id":"a","ttl":0,"result":60}""", """{"id":"b","ttl":0,"result":60,"group":"g"}""", """{"id":"c","result":0}""",
            """{"id":"d","ttl":0}""");
        put.Select(item => item.Status).ShouldBe([201, 201, 400, 201]);

        var done = await BatchAsync(
            $$"""{"op":"update","id":"a","outcome":"done","ifMatch":{{put[0].ETag}},"body":"one","contentType":"text/a"}""",
            $$"""{"op":"update","id":"b","outcome":"done","ifMatch":{{put[1].ETag}},"body":"AP8=","encoding":"base64"}""",
            $$"""{"op":"update","id":"d","outcome":"done","ifMatch":{{put[3].ETag}},"body":"x"}""",
            $$"""{"op":"update","id":"d","outcome":"failed","ifMatch":{{put[3].ETag}},"body":"x"}""");

        done.Select(item => item.Status).ShouldBe([200, 200, 400, 400]);
        var one = await GetAsync($"/results/{Account}/q/a");
        Show(one).ShouldBe((200, "done", "one"));
        one.ContentType.ShouldBe("text/a");
        (await GetAsync($"/results/{Account}/q/b")).Body.ShouldBe([0, 255]);
        (await GetAsync($"{Queue}/d")).Status.ShouldBe(200);
    }

    private static (int Status, string? State, string Text) Show(RawAnswer answer) =>
        (answer.Status, answer.Headers.GetValueOrDefault("Burrow-State"), answer.Text);

    /// <summary>Claims the message, and returns its receipt.</summary>
    private async Task<string> ClaimAsync()
    {
        var answer = await PostAsync($"{Queue}?limit=1&hide=60&detail=full");
        answer.Status.ShouldBe(200);
        return answer.Json[0].GetProperty("etag").GetString()!;
    }

    private async Task<List<(int Status, string ETag)>> BatchAsync(params string[] items) =>
    [
        .. (await SendBatchAsync(items)).Select(item => (
            item.GetProperty("status").GetInt32(),
            item.TryGetProperty("etag", out var etag) ? System.Text.Json.JsonSerializer.Serialize(etag.GetString()) : "")),
    ];
}

public sealed class MemoryResultTests(MemoryServer server) : ResultTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteResultTests(SqliteServer server) : ResultTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppResultTests(FunctionAppServer server) : ResultTests(server);
