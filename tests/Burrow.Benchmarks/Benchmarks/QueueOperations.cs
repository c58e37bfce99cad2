using Burrow.Benchmarks.Load;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>
/// Operations on a queue, each with a step that undoes it, so that the queue keeps its length. A deleted or taken message comes
/// back at the queue's end. So the lists must be measured first.
/// </summary>
/// <param name="queue">The queue's path.</param>
/// <param name="hidden">How many messages in front are hidden. Ids are numbers from 0.</param>
/// <param name="messages">How many messages there are in all.</param>
internal sealed class QueueOperations(string queue, int hidden, int messages)
{
    private const string Body = "0123456789";

    private readonly HttpRequestBytes put = new("PUT", $"/v1.0/{queue}/{HttpRequestBytes.Number}?ttl=0", Body);
    private readonly HttpRequestBytes delete = new("DELETE", $"/v1.0/{queue}/{HttpRequestBytes.Number}");
    private readonly HttpRequestBytes get = new("GET", $"/v1.0/{queue}/{HttpRequestBytes.Number}");
    private readonly HttpRequestBytes claim = new("POST", $"/v1.0/{queue}?limit=1&hide=3600&detail=all");
    private readonly HttpRequestBytes release = new("POST", $"/v1.0/{queue}/{HttpRequestBytes.Number}?hide=0");
    private readonly HttpRequestBytes after = new("GET", $"/v1.0/{queue}?limit=10&marker={HttpRequestBytes.Number}");
    private readonly HttpRequestBytes start = new("GET", $"/v1.0/{queue}?limit=10");
    private readonly HttpRequestBytes take = new("DELETE", $"/v1.0/{queue}?limit=1&detail=all");
    private long taken;

    /// <summary>Each operation's name, the step to measure and the step that undoes it.</summary>
    public IEnumerable<(string Name, Step Measured, Step Undo)> All =>
    [
        ("put", Send(put, _ => messages, 201), Send(delete, _ => messages, 200)),
        ("get by id", Send(get, Middle, 200), Nothing),
        ("list of 10 after a marker", List(after), Nothing),
        ("list of 10 from the start", List(start), Nothing),
        ("claim one", TakeOne(claim), Send(release, _ => taken, 200)),
        ("delete", Send(delete, Middle, 200), Send(put, Middle, 201)),
        ("take one", TakeOne(take), Send(put, _ => taken, 201)),
    ];

    private static ValueTask Nothing(Connection connection, long number) => ValueTask.CompletedTask;

    /// <summary>The id of another message from about the middle.</summary>
    private long Middle(long number) => hidden + (messages - hidden) / 2 + number;

    private static Step Send(HttpRequestBytes request, Func<long, long> id, int status) =>
        async (connection, number) => await connection.SendAsync(request.With(id(number)), status);

    private Step List(HttpRequestBytes request) => async (connection, number) =>
        MessageJson.Check(await connection.SendAsync(request.With(Middle(number)), 200), 10);

    private Step TakeOne(HttpRequestBytes request) => async (connection, _) =>
        taken = MessageJson.NumberOf(await connection.SendAsync(request.Bytes, 200));
}
