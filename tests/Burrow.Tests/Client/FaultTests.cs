using System.Net;
using System.Net.Sockets;
using System.Text;
using Burrow.Client;
using Burrow.Embedded;
using Burrow.Tests.Support;

namespace Burrow.Tests.Client;

/// <summary>What the client makes of a line that loses requests and answers, and of programs that use it wrongly.</summary>
public sealed class FaultTests : FaultFixture
{
    private static readonly TimeSpan Hide = TimeSpan.FromMinutes(5);

    private BurrowAccount Account => client.Account("a");

    [Fact]
    public async Task A_connection_that_can_not_be_made_in_time_is_tried_again_and_told_as_a_service_that_is_away()
    {
        line.Make("DELETE", (_, _, _) => throw new TaskCanceledException("No connection.", new TimeoutException()), 2);
        await Queue.PutAsync("x", ForEver, Token);
        // Also what may not be done twice, as surely nothing was done.
        (await AdvanceAsync(Queue.TakeAsync(cancellationToken: Token))).Single().Body.ShouldBe("x");

        line.Make("GET", (_, _, _) => throw new TaskCanceledException("No connection.", new TimeoutException()), 100);
        await Should.ThrowAsync<BurrowUnavailableException>(AdvanceAsync(Queue.GetAsync("x", Token)));
    }

    [Fact]
    public async Task An_answer_whose_body_stops_ends_with_the_attempt_and_is_asked_for_again()
    {
        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        line.Make("GET", (_, _, _) => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(new SilentStream()) }), 2);

        (await AdvanceAsync(Queue.GetAsync("x", Token)))!.Body.ShouldBe("x");

        line.Sent.Count(sent => sent.StartsWith("GET", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task A_request_is_never_sent_again_behind_the_clients_back()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var requests = new List<string>();
        var serving = Task.Run(async () =>
        {
            // It answers the first request of a connection, reads the second one and closes.
            while (await listener.AcceptTcpClientAsync(Token) is { } connection)
            {
                using var ending = connection;
                using var reader = new StreamReader(connection.GetStream(), Encoding.ASCII);
                for (var i = 0; i < 2; i++)
                {
                    var first = await reader.ReadLineAsync(Token);
                    while (await reader.ReadLineAsync(Token) is { Length: > 0 })
                    {
                        // The headers.
                    }

                    lock (requests)
                        requests.Add(first!);
                    if (i == 0)
                        await connection.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"u8.ToArray(), Token);
                }
            }
        }, Token);
        using var real = new BurrowClient(new($"http://{listener.LocalEndpoint}/"));
        var queue = real.Account("a").Queue("q");
        (await queue.TakeAsync(cancellationToken: Token)).ShouldBeEmpty();

        await Should.ThrowAsync<BurrowUnavailableException>(queue.TakeAsync(cancellationToken: Token));

        lock (requests)
            requests.ShouldBe(Enumerable.Repeat("DELETE /v1.0/a/q?limit=1&detail=full HTTP/1.1", 2));
        listener.Stop();
        await Should.ThrowAsync<Exception>(serving);
    }

    [Theory]
    [InlineData("done")]
    [InlineData("failed")]
    [InlineData("extended")]
    public async Task A_claim_outlives_an_extension_whose_answer_was_lost_for_good(string next)
    {
        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        var message = (await Queue.ClaimAsync(Hide, cancellationToken: Token))!;
        line.Make("POST", FaultyHandler.LoseAnswerAsync, 6);
        await Should.ThrowAsync<BurrowUnavailableException>(AdvanceAsync(message.ExtendAsync(Hide, Token)));

        await AdvanceAsync(next switch
        {
            "done" => message.DoneAsync(Token),
            "failed" => message.FailedAsync("cause", cancellationToken: Token),
            _ => message.ExtendAsync(Hide, Token),
        });

        var left = await Queue.GetAsync("x", Token);
        (left?.Causes.Count, left?.Deliveries).ShouldBe(next switch { "done" => (null, null), "failed" => (1, 1), _ => (0, 1) });
    }

    [Theory]
    [InlineData("done")]
    [InlineData("failed")]
    [InlineData("released")]
    [InlineData("dead")]
    public async Task An_outcome_whose_answer_was_lost_is_said_once(string outcome)
    {
        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        var message = (await Queue.ClaimAsync(Hide, cancellationToken: Token))!;
        line.Make("POST", FaultyHandler.LoseAnswerAsync);

        await AdvanceAsync(SayAsync(message, outcome));

        message.IsSettled.ShouldBeTrue();
        await Should.ThrowAsync<InvalidOperationException>(SayAsync(message, outcome));
        var left = await Queue.GetAsync("x", Token) ?? await Queue.DeadLetters.GetAsync("x", Token);
        (left?.Causes.Count).ShouldBe(outcome switch { "done" => null, "released" => 0, _ => 1 });
    }

    [Theory]
    [InlineData("done")]
    [InlineData("failed")]
    public async Task An_outcome_is_not_taken_for_said_when_another_worker_has_the_message(string outcome)
    {
        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        var message = (await Queue.ClaimAsync(TimeSpan.FromSeconds(2), cancellationToken: Token))!;
        // The first attempt is lost, and before the next one the claim runs out and another one begins.
        line.Make("POST /v1.0/a/q/x?outcome", async (_, _, _) =>
        {
            time.Advance(TimeSpan.FromSeconds(3));
            (await burrow.Account("a").Queue("q").ClaimAsync(Hide)).ShouldNotBeNull();
            throw new HttpRequestException("Lost.");
        });

        await Should.ThrowAsync<BurrowClaimLostException>(AdvanceAsync(SayAsync(message, outcome)));

        (await Queue.GetAsync("x", Token))!.Deliveries.ShouldBe(2);
        // Again, it is lost and not said.
        await Should.ThrowAsync<BurrowClaimLostException>(SayAsync(message, outcome));
    }

    [Theory]
    [InlineData("failed", false)]
    [InlineData("failed", true)]
    [InlineData("dead", false)]
    [InlineData("dead", true)]
    [InlineData("done", false)]
    public async Task An_outcome_is_said_although_the_receipt_is_out_of_date_and_an_answer_is_lost(string outcome, bool isCarriedOut)
    {
        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        var message = (await Queue.ClaimAsync(Hide, cancellationToken: Token))!;
        line.Make("POST", FaultyHandler.LoseAnswerAsync, 6);
        await Should.ThrowAsync<BurrowUnavailableException>(AdvanceAsync(message.ExtendAsync(Hide, Token)));

        // The first attempt meets the old receipt, or is lost before it; its answer is lost in both cases.
        line.Make("POST", isCarriedOut ? FaultyHandler.LoseAnswerAsync : FaultyHandler.LoseAsync);
        await AdvanceAsync(SayAsync(message, outcome));

        var left = await Queue.GetAsync("x", Token) ?? await Queue.DeadLetters.GetAsync("x", Token);
        (left?.Causes.Count, left?.Died is not null).ShouldBe(
            outcome switch { "done" => (null, false), "dead" => (1, true), _ => (1, false) });
    }

    [Fact]
    public async Task A_claim_that_was_given_back_is_not_taken_from_the_next_worker()
    {
        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        var message = (await Queue.ClaimAsync(Hide, cancellationToken: Token))!;
        line.Make("POST", FaultyHandler.LoseAnswerAsync, 6);
        await Should.ThrowAsync<BurrowUnavailableException>(AdvanceAsync(message.ExtendAsync(Hide, Token)));
        // It is given back, and no answer says so. The next worker has it: as often delivered, and hidden.
        var other = burrow.Account("a").Queue("q");
        line.Fault = async (request, send, _) =>
        {
            if (request.Method == HttpMethod.Get)
                return await send();
            if (await other.GetAsync("x", Token) is { } found && found.Receipt != message.Receipt)
            {
                await other.UpdateAsync("x", hide: TimeSpan.Zero, cancellationToken: Token);
                await (await other.ClaimAsync(Hide, cancellationToken: Token))!.ReleasedAsync(Token);
                await other.ClaimAsync(Hide, cancellationToken: Token);
            }

            throw new HttpRequestException("Lost.");
        };
        await Should.ThrowAsync<BurrowUnavailableException>(AdvanceAsync(message.ReleasedAsync(Token)));
        line.Fault = null;
        var before = (await other.GetAsync("x", Token))!;

        await Should.ThrowAsync<BurrowClaimLostException>(AdvanceAsync(message.FailedAsync("late", cancellationToken: Token)));

        (await other.GetAsync("x", Token))!.Receipt.ShouldBe(before.Receipt);
    }

    [Fact]
    public async Task A_refusal_after_a_lost_answer_is_not_told_as_if_nothing_was_done()
    {
        line.Make(
            "PUT",
            async (request, send, cancellationToken) => line.Sent.Count > 1
                ? new HttpResponseMessage(HttpStatusCode.Forbidden)
                : await FaultyHandler.LoseAnswerAsync(request, send, cancellationToken),
            2);
        var error = await Should.ThrowAsync<BurrowUnavailableException>(AdvanceAsync(Queue.PutAsync("x", ForEver, Token)));
        (error.Status, error.IsUncertain).ShouldBe((HttpStatusCode.Forbidden, true));
        error.Message.ShouldStartWith("It is not known whether the request was carried out");
        (await Queue.ListAsync(cancellationToken: Token).CountAsync(Token)).ShouldBe(1);
    }

    [Fact]
    public async Task A_pause_until_a_date_is_known_as_such()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        line.Make("GET", (_, _, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.TooManyRequests)
        {
            Headers = { RetryAfter = new(now.AddHours(2)), Date = now },
        }), 100);
        (await Should.ThrowAsync<BurrowBusyException>(Queue.GetAsync("x", Token))).RetryAfter.ShouldBe(TimeSpan.FromHours(2));
        line.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_would_become_a_header_or_another_address_is_refused()
    {
        await Should.ThrowAsync<ArgumentException>(Queue.PutAsync("x", new() { ContentType = "text/plain\r\nX-Evil: 1" }, Token));
        await Should.ThrowAsync<ArgumentException>(Queue.PutAsync("x", new() { ContentType = "text/é" }, Token));
        await Should.ThrowAsync<ArgumentException>(Queue.DeleteAsync("x", "\"a\"\r\nX-Evil: 1", Token));
        await Should.ThrowAsync<ArgumentException>(Queue.GetAsync("a%2fb", Token));
        await Should.ThrowAsync<ArgumentException>(Queue.PutAsync("\ud800", null, Token));
        Should.Throw<ArgumentException>(() => new BurrowClient(new("http://x/"), new() { Key = "a\r\nX-Evil: 1" }));
        foreach (var address in (string[])["http://user:secret@x/", "http://x/?code=1", "http://x/#y", "ftp://x/"])
            Should.Throw<ArgumentException>(() => new BurrowClient(new(address))).Message.ShouldNotContain("secret");
        line.Sent.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_key_that_ends_with_a_newline_as_in_a_file_is_sent_without_it()
    {
        using var keyed = new BurrowClient(EmbeddedBurrow.Endpoint, line, new() { Key = "secret\n" });
        string? sent = null;
        line.Make("GET", (request, send, _) =>
        {
            sent = request.Headers.NonValidated["Authorization"].ToString();
            return send();
        });
        await keyed.Account("a").Queue("q").GetAsync("x", Token);
        sent.ShouldBe("Bearer secret");
    }

    [Fact]
    public void What_may_stand_in_a_log_shows_no_secret()
    {
        new Key { Name = "k", Secret = "very-secret", Allow = [] }.ToString().ShouldBe("Key k");
        new Link("GET", new("https://burrow/v1.0/a/q?token=very-secret"), default).ToString().ShouldBe("GET https://burrow/v1.0/a/q");
    }

    [Fact]
    public async Task A_service_that_asks_for_a_long_pause_is_not_waited_for()
    {
        line.Make("GET", (_, _, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.TooManyRequests)
        {
            Headers = { RetryAfter = new(TimeSpan.FromHours(1)) },
        }), 100);

        (await Should.ThrowAsync<BurrowBusyException>(Queue.GetAsync("x", Token))).RetryAfter.ShouldBe(TimeSpan.FromHours(1));

        line.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_put_of_an_id_of_ones_own_is_not_taken_for_stored_when_another_message_stands_there()
    {
        await Queue.PutAsync("theirs", ForEver with { Id = "x" }, Token);
        line.Make("PUT", FaultyHandler.LoseAsync);
        await Should.ThrowAsync<BurrowConflictException>(
            AdvanceAsync(Queue.PutAsync("theirs", ForEver with { Id = "x", OnlyIfNew = true }, Token)));
        line.Make("POST", FaultyHandler.LoseAsync);
        var error = await Should.ThrowAsync<BurrowBatchException>(
            AdvanceAsync(Queue.PutManyAsync([new("theirs", ForEver with { Id = "x", OnlyIfNew = true })], Token)));
        error.Results.Single().Status.ShouldBe(412);

        // One with an id that was made here is one's own.
        line.Make("PUT", FaultyHandler.LoseAnswerAsync);
        (await AdvanceAsync(Queue.PutAsync("mine", ForEver, Token))).IsNew.ShouldBeTrue();
        line.Make("POST", FaultyHandler.LoseAnswerAsync);
        (await AdvanceAsync(Queue.PutManyAsync(["also mine"], ForEver, Token))).Single().Status.ShouldBe(201);
        (await Queue.ListAsync(cancellationToken: Token).Select(message => message.Body).ToListAsync(Token))
            .ShouldBe(["theirs", "mine", "also mine"]);
    }

    [Fact]
    public async Task Batches_tell_what_was_stored_and_of_what_it_is_not_known()
    {
        var bodies = Enumerable.Range(0, 2_500).Select(i => $"{i}");
        line.Make("POST", (request, send, _) => line.Sent.Count > 1 ? throw new HttpRequestException("Lost.") : send(), 100);

        var error = await Should.ThrowAsync<BurrowBatchException>(AdvanceAsync(Queue.PutManyAsync(bodies, ForEver, Token)));

        error.Results.CountBy(result => (result.IsDone, result.IsUncertain, result.Status)).ShouldBe(
            [new((true, false, 201), 1_000), new((false, true, 503), 1_000), new((false, false, BatchResult.NotSent), 500)]);
        error.InnerException.ShouldBeOfType<BurrowUnavailableException>();
        error.Message.ShouldStartWith("500 of 2500 messages were not stored, and of 1000 it is not known.");
        (await Queue.ListAsync(cancellationToken: Token).Select(message => message.Id).ToListAsync(Token))
            .ShouldBe(error.Results.Take(1_000).Select(result => result.Id));
    }

    [Fact]
    public async Task A_message_that_is_too_large_for_any_batch_stops_no_other()
    {
        var large = new string('x', 17 * 1024 * 1024);

        var error = await Should.ThrowAsync<BurrowBatchException>(Queue.PutManyAsync(["a", large, "b"], ForEver, Token));

        error.Results.Select(result => result.Status).ShouldBe([201, 413, 201]);
    }

    [Fact]
    public async Task A_stream_that_the_service_ends_is_opened_again_soon()
    {
        var opened = 0;
        line.Fault = (request, send, _) =>
        {
            // A stream that ends without an event, as after the service's longest wait.
            Interlocked.Increment(ref opened);
            return Task.FromResult(new HttpResponseMessage { Content = new StringContent(": quiet\n\n", null, "text/event-stream") });
        };
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var begun = time.GetUtcNow();
        var following = Queue.FollowAsync(cancellationToken: over.Token).AnyAsync(over.Token).AsTask();
        await time.AdvanceUntilAsync(Task.Run(async () =>
        {
            while (Volatile.Read(ref opened) < 20)
                await Task.Delay(1, Token);
            return true;
        }, Token), TimeSpan.FromSeconds(0.02));
        await over.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(following);
        (time.GetUtcNow() - begun).ShouldBeLessThan(TimeSpan.FromMinutes(4));
    }

    [Fact]
    public async Task A_follower_goes_on_after_an_error_whose_body_is_cut()
    {
        await Queue.PutAsync("x", ForEver, Token);
        line.Make("GET", (_, _, _) => Task.FromResult(
            new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StreamContent(new SilentStream()) }), 2);
        (await AdvanceAsync(Queue.FollowAsync(cancellationToken: Token).Select(message => message.Body).FirstAsync(Token).AsTask()))
            .ShouldBe("x");
    }

    [Fact]
    public async Task A_deletion_of_a_whole_queue_has_the_time_that_the_service_takes()
    {
        await Queue.PutAsync("x", ForEver, Token);
        line.Make("DELETE", async (_, send, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(100), time, cancellationToken);
            return await send();
        });
        var deleting = Queue.DeleteAllAsync(Token);
        await time.BegunAsync(TimeSpan.FromSeconds(100));
        time.Advance(TimeSpan.FromSeconds(100));
        await deleting;
        line.Sent.Count(sent => sent.StartsWith("DELETE", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_client_that_is_disposed_says_so_to_requests_under_way()
    {
        line.Make("POST", (_, _, cancellationToken) => NeverAsync(cancellationToken));
        var claiming = Queue.ClaimAsync(Hide, TimeSpan.FromMinutes(1), Token);
        client.Dispose();
        await Should.ThrowAsync<ObjectDisposedException>(claiming);
    }

    [Fact]
    public async Task Queues_that_begin_alike_are_listed_without_the_others()
    {
        foreach (var name in (string[])["a", "orders,z", "orders-", "orders-1", "orders-\ud83d\ude00", "orders.", "z"])
            await Account.Queue(name).PutAsync("x", ForEver, Token);
        (await Account.QueuesAsync("orders-", Token).ToListAsync(Token)).ShouldBe(["orders-", "orders-1", "orders-\ud83d\ude00"]);
        line.Sent.Last().ShouldStartWith("GET /v1.0/a?limit=1000&marker=orders%2C");
        (await Account.QueuesAsync("", Token).CountAsync(Token)).ShouldBe(7);
        (await Account.QueuesAsync("orders-\ud83d\ude00", Token).CountAsync(Token)).ShouldBe(1);
    }

    private static Task SayAsync(ClaimedMessage<string> message, string outcome) => outcome switch
    {
        "done" => message.DoneAsync(Token),
        "failed" => message.FailedAsync("cause", TimeSpan.FromHours(1), Token),
        "released" => message.ReleasedAsync(Token),
        _ => message.DeadAsync("cause", Token),
    };

    /// <summary>A stream that gives a byte, and then nothing more.</summary>
    private sealed class SilentStream : MemoryStream
    {
        public SilentStream()
            : base([0x5b])
        {
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : await NeverAsync(cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            await NeverAsync(cancellationToken);

        private static async Task<int> NeverAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
