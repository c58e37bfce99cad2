using System.Text.Json;
using Burrow.Access;
using Burrow.Events.Model;
using Burrow.Http.Pipeline;
using Burrow.Local.EventGrid;
using Burrow.Queues;

namespace Burrow.Local.Pages;

/// <summary>
/// <c>/console/deliveries/{account}</c>: the last attempts of Event Grid's stand-in for an account, and the deliveries that wait.
/// </summary>
internal static class Deliveries
{
    private const int MaxShown = 200;

    public static Task<IResult> ServeAsync(HttpRequest request, StandIn grid, Responder responder) => responder.ServeAsync(
        request,
        new Resource<AccountName>("console/deliveries/{account}", path => path.Account)
        {
            Get = (context, account) => GetAsync(context, account, grid),
        });

    private static async Task<Answer> GetAsync(RequestContext context, AccountName account, StandIn grid)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(account, new("No such account.")), OperationPolicy.Subscribe);
        await grid.ReadyAsync(context.Aborted);
        // Once a subscription is gone, the process can't tell which queues it was for.
        if (authorized.Caller.Spec.Queues != QueuePattern.All)
            throw new ForbiddenException("What was delivered is shown to keys for all queues.");
        var topic = Topic.Of(account);
        var attempts = grid.Attempts.Where(attempt => attempt.Delivery.Topic == topic);
        var (count, waiting) = await grid.OpenAsync(topic, MaxShown, context.Aborted);
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("attempts");
            foreach (var attempt in attempts)
                Write(json, attempt);
            json.WriteEndArray();
            json.WriteNumber("waitingCount", count);
            json.WriteStartArray("waiting");
            foreach (var delivery in waiting)
                Write(json, delivery);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, DeliveryAttempt attempt)
    {
        json.WriteStartObject();
        json.WriteInstant("at", attempt.At);
        WriteName(json, attempt.Delivery);
        json.WriteNumber("attempt", attempt.Number);
        json.WriteNumber("status", attempt.Status);
        json.WriteString("result", attempt.Result);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Delivery delivery)
    {
        json.WriteStartObject();
        json.WriteInstant("next", new DateTimeOffset(delivery.Next, TimeSpan.Zero));
        WriteName(json, delivery);
        json.WriteNumber("attempts", delivery.Attempts);
        if (delivery.Result is { } result)
            json.WriteString("result", result);
        json.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter json, Delivery delivery)
    {
        // An event may be published twice, and so delivered twice.
        json.WriteString("key", delivery.Key);
        json.WriteString("subscription", delivery.Subscription);
        json.WriteString("id", delivery.Id);
        json.WriteString("subject", delivery.Subject);
    }
}
