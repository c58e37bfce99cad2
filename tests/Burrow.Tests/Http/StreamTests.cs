using System.Net.ServerSentEvents;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>A queue as a stream of server-sent events (docs/reference/api.md, "Streams").</summary>
public abstract class StreamTests(ServerFixture server) : ProtocolTests(server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_has_what_is_there_and_then_what_is_put_each_with_its_cursor()
    {
        await PutAllAsync(Queue, "a", "b");
        await using var stream = await OpenAsync();

        stream.Response.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream");
        stream.Response.Content.Headers.ContentLength.ShouldBeNull();
        (await stream.NextAsync(2)).ShouldBe(["a", "b"]);
        await PutAsync($"{Queue}/c?ttl=0&priority=9", "two\nlines\r\n{}");
        (await stream.NextAsync(1)).ShouldBe(["c"]);
        var last = stream.Last;
        last.EventType.ShouldBe("message");
        stream.ReconnectionInterval.ShouldBe(TimeSpan.FromSeconds(1));
        last.Data.ShouldBe((await GetAsync($"{Queue}/c?detail=full")).Text);
        last.EventId.ShouldBe((await GetAsync(Queue)).Marker);
    }

    [Theory]
    [InlineData("", null, "a b c")]
    [InlineData("?marker=a", null, "b c")]
    [InlineData("?after=a", null, "b c")]
    [InlineData("?after=a", "b", "c")]
    [InlineData("?marker=b", "a", "b c")]
    [InlineData("?limit=1&detail=id&wait=1", "", "a b c")]
    public async Task It_begins_where_the_client_left_off(string query, string? last, string expected)
    {
        await PutAllAsync(Queue, "a", "b", "c");
        var cursors = new Dictionary<string, string>();
        foreach (var (id, limit) in (List<(string, int)>)[("a", 1), ("b", 2), ("c", 3)])
            cursors[id] = (await GetAsync($"{Queue}?limit={limit}&detail=id")).Marker!;
        if (query == "?after=a")
            query = $"?after={cursors["a"]}";

        await using var stream = await OpenAsync(query, last is null ? null : cursors.GetValueOrDefault(last, last));

        (await stream.NextAsync(expected.Split(' ').Length)).ShouldBe(expected.Split(' '));
    }

    [Fact]
    public async Task A_long_queue_comes_whole_and_in_order()
    {
        var ids = Enumerable.Range(0, 250).Select(i => $"{i:d3}").ToArray();
        var items = string.Join('\n', ids.Select(id => JsonSerializer.Serialize(new { id, ttl = 0, priority = id[2] - '0' })));
        await SendAsync(
            "POST", $"/batch/{Account}/q", System.Text.Encoding.ASCII.GetBytes(items), ("Content-Type", "application/x-ndjson"));
        await using var stream = await OpenAsync();

        (await stream.NextAsync(ids.Length)).ShouldBe(ids);
    }

    [Fact]
    public async Task A_comment_shows_that_it_is_alive_and_after_the_longest_wait_it_ends()
    {
        await using var stream = await OpenAsync();
        var begun = Time.GetUtcNow();
        var next = stream.NextAsync(1);

        (await Time.AdvanceUntilAsync(next, TimeSpan.FromSeconds(1))).ShouldBeEmpty("the stream has ended");

        (Time.GetUtcNow() - begun).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(90));
        // The clock goes on while storage answers, so there may be fewer than one in 15 s.
        stream.Comments.ShouldBeGreaterThanOrEqualTo(1);
    }

    [Theory]
    [InlineData("detail=none&limit=abc", "limit")]
    [InlineData("marker=a&after=0000000000000000", "after")]
    public async Task What_is_wrong_is_said_before_it_begins(string query, string parameter)
    {
        (await GetAsync($"{Queue}?{query}", ("Accept", "text/event-stream"))).ShouldRefuse(parameter);
        (await GetAsync(Queue, ("Accept", "text/event-stream"), ("Last-Event-ID", "first"))).ShouldRefuse("Last-Event-ID");
    }

    [Theory]
    [InlineData("text/event-stream;q=0")]
    [InlineData("*/*")]
    [InlineData("application/json, text/*")]
    public async Task Without_its_media_type_in_Accept_a_list_is_a_list(string accept)
    {
        await PutAllAsync(Queue, "a");

        (await GetAsync($"{Queue}?detail=id", ("Accept", accept))).Strings.ShouldBe(["a"]);
    }

    private async Task<EventStream> OpenAsync(string query = "", string? last = null)
    {
        var http = new HttpClient { BaseAddress = new(Origin), Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, Queue + query);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (last is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        response.EnsureSuccessStatusCode();
        return new(http, response, await response.Content.ReadAsStreamAsync(Token));
    }

    /// <summary>A stream as a client reads it.</summary>
    private sealed class EventStream : IAsyncDisposable
    {
        private readonly HttpClient http;
        private readonly CommentCounter counter;
        private readonly SseParser<string> parser;
        private readonly IAsyncEnumerator<SseItem<string>> events;

        public EventStream(HttpClient http, HttpResponseMessage response, Stream body)
        {
            (this.http, Response, counter) = (http, response, new(body));
            parser = SseParser.Create(counter);
            events = parser.EnumerateAsync(Token).GetAsyncEnumerator(Token);
        }

        public HttpResponseMessage Response { get; }

        public SseItem<string> Last => events.Current;

        public TimeSpan ReconnectionInterval => parser.ReconnectionInterval;

        public int Comments => counter.Comments;

        /// <summary>The ids of the next messages; fewer if the stream ends.</summary>
        public async Task<List<string>> NextAsync(int count)
        {
            var ids = new List<string>();
            while (ids.Count < count && await events.MoveNextAsync())
                ids.Add(JsonElement.Parse(events.Current.Data).GetProperty("id").GetString()!);
            return ids;
        }

        public async ValueTask DisposeAsync()
        {
            Response.Dispose();
            http.Dispose();
            await ValueTask.CompletedTask;
        }
    }

    /// <summary>Passes on what is read, and counts the comments.</summary>
    private sealed class CommentCounter(Stream inner) : MemoryStream
    {
        public int Comments { get; private set; }

        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            var text = System.Text.Encoding.UTF8.GetString(buffer.Span[..read]);
            Comments += text.Split(":\n\n").Length - 1;
            return read;
        }
    }
}

public sealed class MemoryStreamTests(MemoryServer server) : StreamTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteStreamTests(SqliteServer server) : StreamTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppStreamTests(FunctionAppServer server) : StreamTests(server);
