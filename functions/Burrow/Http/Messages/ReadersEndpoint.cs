using System.Buffers;
using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Queues.Readers;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary>
/// <c>/readers/{account}/{queue}</c> and <c>/readers/{account}/{queue}/{name}</c>: cursors that the server keeps for readers of a queue.
/// </summary>
public sealed class ReadersEndpoint : IEndpoint
{
    /// <summary>The path of all readers of a queue.</summary>
    public const string ListRoute = "readers/{account}/{queue}";

    /// <summary>The path of one reader.</summary>
    public const string Route = "readers/{account}/{queue}/{name}";

    private readonly Responder responder;
    private readonly QueueReaders readers;
    private readonly Resource list;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">Holds the readers.</param>
    public ReadersEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, readers) = (responder, queues.Readers);
        list = new Resource<QueueAddress>(ListRoute, path => path.Queue) { Get = ListAsync };
        resource = new Resource<ReaderPath>(Route, path => new(path.Queue, ReaderName.Parse(path["name"])))
        {
            Get = GetAsync,
            Put = PutAsync,
            Delete = DeleteAsync,
        };
    }

    IEnumerable<Resource> IEndpoint.Resources => [list, resource];

    /// <summary>GET lists the readers of a queue.</summary>
    public Task<IResult> ServeListAsync(HttpRequest request) => responder.ServeAsync(request, list);

    /// <summary>
    /// GET shows a reader. PUT makes it, 201 if it is new, or moves its cursor. DELETE deletes it, and shows what it was.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> ListAsync(RequestContext context, QueueAddress queue)
    {
        await AuthorizeAsync(context, queue, isOne: false);
        var all = await readers.ListAsync(queue, context.Aborted);
        return all.Count == 0 ? throw NotFound() : Answer.OfArray(all, Write);
    }

    private async Task<Answer> GetAsync(RequestContext context, ReaderPath path)
    {
        await AuthorizeAsync(context, path.Queue, isOne: true);
        var precondition = Preconditions.Parse(context.Request);
        var reader = await readers.GetAsync(path.Queue, path.Name, context.Aborted) ?? throw NotFound();
        if (!precondition.MatchHolds(reader.Receipt))
            throw new PreconditionFailedException("If-Match: the reader has another ETag.");
        var answer = Show(200, reader);
        return precondition.NoneMatchHolds(reader.Receipt) ? answer : answer.NotModified();
    }

    private async Task<Answer> PutAsync(RequestContext context, ReaderPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfReader(path.Queue, isOne: true, NotFound()));
        CheckParameters(context);
        var precondition = Preconditions.Parse(context.Request);
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.KeepReaders, HttpLimits.AccessBodyBytes);
        var (reader, isNew) = await readers.PutAsync(path.Queue, path.Name, AfterOf(body.Written), precondition, context.Aborted);
        return Show(isNew ? 201 : 200, reader);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, ReaderPath path)
    {
        await AuthorizeAsync(context, path.Queue, isOne: true);
        var precondition = Preconditions.Parse(context.Request);
        return Show(200, await readers.DeleteAsync(path.Queue, path.Name, precondition, context.Aborted) ?? throw NotFound());
    }

    private static async Task AuthorizeAsync(RequestContext context, QueueAddress queue, bool isOne)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfReader(queue, isOne, NotFound()));
        CheckParameters(context);
        await authorized.AdmitAsync(OperationPolicy.KeepReaders);
    }

    private static void CheckParameters(RequestContext context) => new QueryParameters(context.Request).CheckAll();

    private static Sequence AfterOf(ReadOnlySequence<byte> body) => JsonMembers.Read(body, json =>
    {
        JsonMembers.AllowOnly(json, "body", "a reader", "after");
        return JsonMembers.GetString(json, "after") is { } after && Sequence.TryParse(after) is { } sequence
            ? sequence
            : throw new InvalidRequestException(
                "after", "after is needed: a cursor, as the header Burrow-Marker of an answer or the id of an event says it.");
    });

    private static Answer Show(int status, ReaderCursor reader) =>
        Answer.OfJson(status, json => Write(json, reader)).With("ETag", reader.Receipt.ETag);

    private static void Write(Utf8JsonWriter json, ReaderCursor reader)
    {
        json.WriteStartObject();
        json.WriteString("name", reader.Name.Value);
        json.WriteString("after", reader.After.ToString());
        json.WriteInstant("expires", reader.Expires);
        json.WriteEndObject();
    }

    private static NotFoundException NotFound() => new("No such account, queue or reader.");

    private sealed record ReaderPath(QueueAddress Queue, ReaderName Name);
}
