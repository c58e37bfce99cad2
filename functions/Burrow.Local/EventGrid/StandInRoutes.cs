using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Burrow.Events.EventGrid;
using Burrow.Http.Pipeline;

namespace Burrow.Local.EventGrid;

/// <summary>
/// The stand-in's routes, under <c>/eventgrid</c>: publishing, and the management REST for event subscriptions of domain topics.
/// </summary>
internal static class StandInRoutes
{
    /// <summary>Where events are published.</summary>
    public const string Publish = "/eventgrid/api/events";

    /// <summary>The domain's resource.</summary>
    public const string Domain = "/eventgrid/domains/local";

    private const string Operations = "/eventgrid/operations/";
    private const int MaxBytes = 1024 * 1024;

    /// <summary>How long Burrow waits before it sends events of an account again whose backlog is full; seconds.</summary>
    private const string RetryAfter = "10";

    private const string Subscription = Domain + "/topics/{topic}/providers/Microsoft.EventGrid/eventSubscriptions/{name}";

    /// <summary>Maps the routes. Each requires the domain's key.</summary>
    public static void MapEventGrid(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Publish, PublishAsync);
        routes.MapPut(Subscription, PutAsync);
        routes.MapGet(Subscription, GetAsync);
        routes.MapDelete(Subscription, DeleteAsync);
        routes.MapGet(Operations + "{operation}", GetOperationAsync);
    }

    private static Task<IResult> PublishAsync(HttpRequest request, StandIn grid, Responder responder, LocalEvents events) =>
        ServeAsync(request, grid, responder, events, async aborted =>
        {
            using var body = await RequestBody.BorrowAsync(request, MaxBytes, aborted);
            using var document = Parse(body.Written);
            var isBatch = document.RootElement.ValueKind == JsonValueKind.Array;
            var all = isBatch ? document.RootElement.EnumerateArray().ToList() : [document.RootElement];
            foreach (var one in all)
                Check(one);
            return await grid.PublishAsync(all, aborted) is { } reason ? Full(reason) : new Answer(200);
        });

    private static Task<IResult> PutAsync(
        HttpRequest request, string topic, string name, StandIn grid, Responder responder, LocalEvents events) =>
        ServeAsync(request, grid, responder, events, async aborted =>
        {
            using var body = await RequestBody.BorrowAsync(request, MaxBytes, aborted);
            var subscription = new EventSubscription(topic, name, Checked(body.Written), "Creating", null);
            var (operation, created) = await grid.PutAsync(subscription, aborted);
            return Show(created ? 201 : 200, grid.Find(topic, name) ?? subscription).With(
                "Azure-AsyncOperation", $"{request.Scheme}://{request.Host}{Operations}{operation}");
        });

    private static Task<IResult> GetAsync(
        HttpRequest request, string topic, string name, StandIn grid, Responder responder, LocalEvents events) =>
        ServeAsync(request, grid, responder, events, _ => Task.FromResult(
            Show(200, grid.Find(topic, name) ?? throw new NotFoundException("There is no such event subscription."))));

    private static Task<IResult> DeleteAsync(
        HttpRequest request, string topic, string name, StandIn grid, Responder responder, LocalEvents events) =>
        ServeAsync(request, grid, responder, events, async aborted => new Answer(await grid.DeleteAsync(topic, name, aborted) ? 200 : 204));

    private static Task<IResult> GetOperationAsync(
        HttpRequest request, string operation, StandIn grid, Responder responder, LocalEvents events) =>
        ServeAsync(request, grid, responder, events, _ =>
        {
            var (status, reason) = grid.Operation(operation) ?? throw new NotFoundException("There is no such operation.");
            return Task.FromResult(Answer.OfJson(200, json =>
            {
                json.WriteStartObject();
                json.WriteString("name", operation);
                json.WriteString("status", status);
                if (reason is not null)
                {
                    json.WriteStartObject("error");
                    json.WriteString("code", "Url validation");
                    json.WriteString("message", reason);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }));
        });

    private static Task<IResult> ServeAsync(
        HttpRequest request, StandIn grid, Responder responder, LocalEvents events, Func<CancellationToken, Task<Answer>> serve) =>
        responder.ServeAsync(request, new UnroutedResource(async context =>
        {
            var key = Encoding.UTF8.GetBytes(request.Headers["aeg-sas-key"].ToString());
            if (!CryptographicOperations.FixedTimeEquals(key, Encoding.UTF8.GetBytes(events.Key)))
                return new Answer(401).With("WWW-Authenticate", "aeg-sas-key");
            await grid.ReadyAsync(context.Aborted);
            return await serve(context.Aborted);
        }));

    /// <summary>
    /// The refusal of events, in the form of Event Grid's errors. By its code, Burrow knows that it may send the events of other accounts.
    /// </summary>
    private static Answer Full(string reason) => Answer.OfJson(StatusCodes.Status503ServiceUnavailable, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("code", EventGridSink.TopicFull);
        json.WriteString("message", reason);
        json.WriteEndObject();
        json.WriteEndObject();
    }).With("Retry-After", RetryAfter);

    private static Answer Show(int status, EventSubscription subscription) => Answer.OfJson(status, subscription.Write);

    private static JsonDocument Parse(ReadOnlySequence<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            throw new InvalidRequestException("body", "This isn't JSON.");
        }
    }

    /// <summary>Requires the attributes that a CloudEvent must have (CloudEvents 1.0), and a subject, which filters need.</summary>
    private static void Check(JsonElement one)
    {
        foreach (var name in new[] { "specversion", "id", "source", "type", "subject" })
        {
            if (one.ValueKind != JsonValueKind.Object
                || !one.TryGetProperty(name, out var value)
                || value.ValueKind != JsonValueKind.String
                || value.GetString()!.Length == 0)
            {
                throw new InvalidRequestException(name, $"A CloudEvent has {name}.");
            }
        }
    }

    private static byte[] Checked(ReadOnlySequence<byte> body)
    {
        using var document = Parse(body);
        try
        {
            var json = body.ToArray();
            var subscription = new EventSubscription("", "", json, "", null);
            _ = (
                subscription.Endpoint,
                subscription.MaxAttempts,
                subscription.TimeToLive,
                subscription.Headers.Count(),
                subscription.Matches("", ""));
            return json;
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or UriFormatException or ArgumentNullException)
        {
            throw new InvalidRequestException("body", "This is no event subscription with a webhook.");
        }
    }
}
