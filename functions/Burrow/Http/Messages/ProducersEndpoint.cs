using System.Buffers;
using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Queues.Producers;
using Burrow.Queues.Relays;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary>
/// <c>/producers/{account}/{queue}</c>, <c>/producers/{account}/{queue}/{name}</c> and <c>…/{name}/messages</c>: the producers that number
/// their messages (docs/design/producers.md).
/// </summary>
public sealed class ProducersEndpoint : IEndpoint
{
    /// <summary>The path of all producers of a queue.</summary>
    public const string ListRoute = "producers/{account}/{queue}";

    /// <summary>The path of one producer.</summary>
    public const string Route = "producers/{account}/{queue}/{name}";

    /// <summary>The path of the messages that came from one producer.</summary>
    public const string MessagesRoute = "producers/{account}/{queue}/{name}/messages";

    /// <summary>Names this deployment to a relay.</summary>
    internal const string StampHeader = "Burrow-Stamp";

    private readonly Responder responder;
    private readonly QueueProducers producers;
    private readonly QueueRelays relays;
    private readonly Resource list;
    private readonly Resource resource;
    private readonly Resource messages;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">Holds the producers.</param>
    public ProducersEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, producers, relays) = (responder, queues.Producers, queues.Relays);
        list = new Resource<QueueAddress>(ListRoute, path => path.Queue) { Get = ListAsync };
        resource = new Resource<ProducerPath>(Route, PathOf)
        {
            Get = GetAsync,
            Put = PutAsync,
            Delete = DeleteAsync,
        };
        messages = new Resource<ProducerPath>(MessagesRoute, PathOf) { Get = ListMessagesAsync };

        static ProducerPath PathOf(ResourcePath path) => new(path.Queue, ProducerName.Parse(path["name"]));
    }

    IEnumerable<Resource> IEndpoint.Resources => [list, resource, messages];

    /// <summary>GET lists the producers of a queue.</summary>
    public Task<IResult> ServeListAsync(HttpRequest request) => responder.ServeAsync(request, list);

    /// <summary>
    /// GET shows a producer. PUT shuts lower epochs out, 201 if the producer is new. DELETE forgets it, and shows what it was.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    /// <summary>
    /// GET lists the messages of a queue that a relay of another deployment has sent under this name, live and dead ones, in no order. A
    /// page may be empty: <c>next</c> says that there are more.
    /// </summary>
    public Task<IResult> ServeMessagesAsync(HttpRequest request) => responder.ServeAsync(request, messages);

    private async Task<Answer> ListMessagesAsync(RequestContext context, ProducerPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(path.Queue, NotFound()));
        var marker = Check(context).NameSelection.Marker is { } text ? MessageId.Parse(text) : (MessageId?)null;
        await authorized.AdmitAsync(OperationPolicy.ListRelayed, Admission.WholeQueue);
        var (came, next) = await relays.CameAsync(path.Queue, path.Name, marker, context.Aborted);
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("messages");
            foreach (var (id, number) in came)
            {
                json.WriteStartObject();
                json.WriteString("id", id.Value);
                json.WriteNumber("number", number);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (next is { } more)
                json.WriteString("next", more.Value);
            json.WriteEndObject();
        });
    }

    private async Task<Answer> ListAsync(RequestContext context, QueueAddress queue)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(queue, NotFound()));
        var selection = Check(context).NameSelection;
        await authorized.AdmitAsync(OperationPolicy.ListProducers, Admission.WholeQueue);
        var (all, more) = await producers.ListAsync(queue, selection, context.Aborted);
        return all.Count == 0 ? throw NotFound() : Answer.OfArray(all, Write).With("Burrow-More", more ? "true" : null);
    }

    private async Task<Answer> GetAsync(RequestContext context, ProducerPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(path.Queue, NotFound()));
        Check(context);
        await authorized.AdmitAsync(OperationPolicy.ShowProducer);
        return Show(200, await producers.GetAsync(path.Queue, path.Name, context.Aborted) ?? throw NotFound())
            .With(StampHeader, await relays.StampAsync(context.Aborted));
    }

    private async Task<Answer> PutAsync(RequestContext context, ProducerPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(path.Queue, NotFound()));
        Check(context);
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.ManageProducers, HttpLimits.AccessBodyBytes);
        var (producer, isNew) = await producers.PutEpochAsync(path.Queue, path.Name, EpochOf(body.Written), context.Aborted);
        return Show(isNew ? 201 : 200, producer);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, ProducerPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(path.Queue, NotFound()));
        Check(context);
        await authorized.AdmitAsync(OperationPolicy.ManageProducers);
        return Show(200, await producers.DeleteAsync(path.Queue, path.Name, context.Aborted) ?? throw NotFound());
    }

    private static QueryParameters Check(RequestContext context)
    {
        var parameters = new QueryParameters(context.Request);
        parameters.CheckAll();
        return parameters;
    }

    private static long EpochOf(ReadOnlySequence<byte> body) => JsonMembers.Read(body, json =>
    {
        JsonMembers.AllowOnly(json, "body", "a producer", "epoch");
        return JsonMembers.GetInteger(json, "epoch", 0, long.MaxValue)
            ?? throw new InvalidRequestException("epoch", "epoch is needed: puts of lower ones are refused from now on.");
    });

    private static Answer Show(int status, ProducerState producer) => Answer.OfJson(status, json => Write(json, producer));

    private static void Write(Utf8JsonWriter json, ProducerState producer)
    {
        json.WriteStartObject();
        json.WriteString("name", producer.Name.Value);
        if (producer.Last is { } last)
            json.WriteNumber("last", last);
        json.WriteNumber("epoch", producer.Epoch);
        json.WriteInstant("used", producer.Used);
        json.WriteEndObject();
    }

    private static NotFoundException NotFound() => new("No such account, queue or producer.");

    private sealed record ProducerPath(QueueAddress Queue, ProducerName Name);
}
