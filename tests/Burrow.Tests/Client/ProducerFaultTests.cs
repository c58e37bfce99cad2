using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Burrow.Client;
using Burrow.Tests.Support;

namespace Burrow.Tests.Client;

/// <summary>Producers on a line that loses requests and answers, and producers that are used wrongly.</summary>
public sealed class ProducerFaultTests() : FaultFixture(maxRetries: 1)
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(50)]
    public async Task Each_message_is_stored_once_and_in_order_although_answers_and_items_are_lost(int seed)
    {
        var random = new Random(seed);
        line.Fault = async (request, send, cancellationToken) =>
        {
            int fate;
            lock (random)
                fate = random.Next(5);
            return fate switch
            {
                0 => await FaultyHandler.LoseAsync(request, send, cancellationToken),
                1 => await FaultyHandler.LoseAnswerAsync(request, send, cancellationToken),
                // Of one item it is not known whether it was stored, as its storage did not answer.
                2 when request.Method == HttpMethod.Post => await WithUncertainItemAsync(await send()),
                _ => await send(),
            };
        };
        var producer = Queue.Producer("p");
        var puts = new List<Task<PutResult>>();
        for (var i = 0; i < 500; i++)
        {
            puts.Add(producer.PutAsync($"{i}", ForEver, Token));
            if (i % 50 == 49)
                await AdvanceAsync(Task.WhenAll(puts));
        }

        (await Near.ListAsync(cancellationToken: Token).Select(message => message.Body).ToListAsync(Token))
            .ShouldBe(Enumerable.Range(0, 500).Select(i => $"{i}"));
    }

    [Fact]
    public async Task A_second_program_of_one_name_is_told_and_loses_nothing_silently()
    {
        var (one, other) = (Queue.Producer("till"), Queue.Producer("till"));
        await one.PutAsync("1", ForEver, Token);
        await other.PutAsync("2", ForEver, Token);

        (await Should.ThrowAsync<BurrowConflictException>(one.PutAsync("3", ForEver, Token))).Message
            .ShouldStartWith("Another program uses the producer 'till', and has stored its number 1.");

        (await one.PutAsync("4", ForEver, Token)).IsNew.ShouldBeTrue();
        (await BodiesAsync()).ShouldBe(["1", "2", "4"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task At_its_start_a_producer_goes_on_behind_what_the_program_before_it_still_sends(long epoch)
    {
        var old = Queue.Producer("till", epoch: Math.Max(0, epoch - 1));
        await old.PutAsync("1", ForEver, Token);
        // Between the new one's look and its first put, the old one's last put arrives.
        line.Make("POST", async (_, send, _) =>
        {
            line.Fault = null;
            try
            {
                await old.PutAsync("2", ForEver, Token);
            }
            catch (BurrowProducerFencedException)
            {
                // The higher epoch was seen.
            }

            return await send();
        });

        var producer = Queue.Producer("till", epoch);
        var puts = Enumerable.Range(3, 3).Select(i => producer.PutAsync($"{i}", ForEver, Token)).ToList();
        (await AdvanceAsync(Task.WhenAll(puts))).ShouldAllBe(put => put.IsNew && !put.IsDuplicate);

        (await BodiesAsync()).ShouldBe(epoch == 0 ? ["1", "2", "3", "4", "5"] : ["1", "3", "4", "5"]);
    }

    [Fact]
    public async Task A_message_that_was_surely_never_sent_is_not_taken_for_stored()
    {
        var old = Near.Producer("till");
        await old.PutAsync("1", ForEver, Token);
        // The service can't be reached, and meanwhile the program before stores the number.
        var failures = 0;
        line.Make(
            "POST",
            async (_, _, _) =>
            {
                if (Interlocked.Increment(ref failures) == 2)
                    await old.PutAsync("2", ForEver, Token);
                throw new HttpRequestException(HttpRequestError.ConnectionError, "Refused.");
            },
            2);

        (await AdvanceAsync(Queue.Producer("till").PutAsync("3", ForEver, Token))).IsDuplicate.ShouldBeFalse();

        (await BodiesAsync()).ShouldBe(["1", "2", "3"]);
    }

    [Fact]
    public async Task Large_messages_go_in_as_many_batches_as_they_need()
    {
        var producer = Queue.Producer("p");
        await Task.WhenAll(Enumerable.Range(0, 24).Select(i => producer.PutAsync(new string((char)('a' + i), 1_000_000), ForEver, Token)));
        (await BodiesAsync()).Select(body => body[0]).ShouldBe("abcdefghijklmnopqrstuvwx");
    }

    [Fact]
    public async Task A_put_that_is_wrong_is_refused_alone()
    {
        var producer = Queue.Producer("p");
        var good = producer.PutAsync("good", ForEver, Token);
        await Should.ThrowAsync<ArgumentException>(() => producer.PutAsync("bad", new() { Ttl = TimeSpan.FromSeconds(-1) }, Token));
        await Should.ThrowAsync<ArgumentException>(() => producer.PutAsync("bad", new() { Id = new('x', 513) }, Token));
        await Should.ThrowAsync<ArgumentException>(() => producer.PutAsync("bad", new() { Id = "x", OnlyIfNew = true }, Token));
        var alsoGood = producer.PutAsync("also good", ForEver, Token);
        await Task.WhenAll(good, alsoGood);
        (await BodiesAsync()).ShouldBe(["good", "also good"]);
    }

    [Fact]
    public async Task A_body_is_written_when_it_is_put()
    {
        var sending = new TaskCompletionSource();
        line.Make("GET", async (_, send, _) =>
        {
            await sending.Task;
            return await send();
        });
        var bytes = Encoding.UTF8.GetBytes("before");
        var put = client.Account("a").BytesQueue("q").Producer("p").PutAsync(bytes, ForEver, Token);
        Encoding.UTF8.GetBytes("after ").CopyTo(bytes, 0);
        sending.SetResult();
        await put;
        (await BodiesAsync()).ShouldBe(["before"]);
    }

    [Fact]
    public async Task A_put_that_is_given_up_before_it_was_sent_is_not_stored()
    {
        var producer = Queue.Producer("p");
        await Should.ThrowAsync<OperationCanceledException>(() => producer.PutAsync("never", ForEver, new CancellationToken(true)));
        var sending = new TaskCompletionSource();
        line.Make("GET", async (_, send, _) =>
        {
            await sending.Task;
            return await send();
        });
        using var cancelled = new CancellationTokenSource();
        var late = producer.PutAsync("given up", ForEver, cancelled.Token);
        var kept = producer.PutAsync("kept", ForEver, Token);
        await cancelled.CancelAsync();
        sending.SetResult();
        await kept;
        await Should.ThrowAsync<OperationCanceledException>(late);
        (await BodiesAsync()).ShouldBe(["kept"]);
    }

    [Fact]
    public async Task Where_order_matters_nothing_is_stored_behind_a_message_that_was_refused()
    {
        await Near.PutAsync("there", ForEver with { Id = "there", Priority = 1 }, Token);
        var producer = Queue.Producer("p", stopAtRefusal: true);
        await producer.PutAsync("0", ForEver, Token);
        Task<PutResult>[] puts =
        [
            producer.PutAsync("1", ForEver, Token),
            producer.PutAsync("2", ForEver with { Id = "there", Priority = 2 }, Token),
            producer.PutAsync("3", ForEver, Token),
        ];

        await Should.ThrowAsync<BurrowConflictException>(Task.WhenAll(puts));

        puts.Select(put => put.IsCompletedSuccessfully).ShouldBe([true, false, false]);
        // What is put later is refused, too, until a new object goes on.
        await Should.ThrowAsync<BurrowConflictException>(producer.PutAsync("4", ForEver, Token));
        (await Queue.Producer("p", stopAtRefusal: true).PutAsync("5", ForEver, Token)).IsNew.ShouldBeTrue();
        (await BodiesAsync()).ShouldBe(["there", "0", "1", "5"]);
    }

    [Fact]
    public async Task A_producer_that_the_service_has_forgotten_goes_on()
    {
        var producer = Queue.Producer("p");
        await producer.PutAsync("1", ForEver, Token);
        await Queue.Producer("p").DeleteAsync(Token);
        (await AdvanceAsync(producer.PutAsync("2", ForEver, Token))).IsNew.ShouldBeTrue();
        (await AdvanceAsync(producer.PutAsync("3", ForEver, Token))).IsNew.ShouldBeTrue();
        (await BodiesAsync()).ShouldBe(["1", "2", "3"]);
    }

    [Fact]
    public async Task Its_requests_are_of_no_callers_trace_and_need_no_thread_of_a_caller()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is nameof(ProducerFaultTests),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource(nameof(ProducerFaultTests));
        Activity? seen = null;
        line.Make("POST", (_, send, _) =>
        {
            seen = Activity.Current;
            return send();
        });
        using (source.StartActivity("caller").ShouldNotBeNull())
        {
            // A thread that waits for it, as a user interface's may.
            SingleThread.Run(() =>
            {
                Queue.Producer("p").PutAsync("x", ForEver, Token).Wait(Token);
                return Task.CompletedTask;
            });
        }

        (await BodiesAsync()).ShouldBe(["x"]);
        seen.ShouldBeNull();
    }

    private async Task<List<string>> BodiesAsync() =>
        await Near.ListAsync(cancellationToken: Token).Select(message => message.Body).ToListAsync(Token);

    /// <summary>Makes an item of an answer uncertain, and those behind it undone, as a chain does.</summary>
    private static async Task<HttpResponseMessage> WithUncertainItemAsync(HttpResponseMessage answer)
    {
        if (answer.StatusCode != HttpStatusCode.OK)
            return answer;
        var items = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Token))!.AsArray();
        if (items.Count == 0)
            return answer;
        items[^1] = new JsonObject { ["id"] = items[^1]!["id"]!.GetValue<string>(), ["status"] = 503, ["error"] = "It is not known." };
        answer.Content = new StringContent(items.ToJsonString(), Encoding.UTF8, "application/json");
        return answer;
    }
}
