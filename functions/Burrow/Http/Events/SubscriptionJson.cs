using System.Buffers;
using System.Text.Json;
using Burrow.Events.Model;
using Burrow.Events.Subscriptions;
using Burrow.Http.Pipeline;
using Burrow.Queues;

namespace Burrow.Http.Events;

/// <summary>Reads and writes subscriptions as requests and answers show them.</summary>
internal static class SubscriptionJson
{
    private const int MaxHeaders = 10;
    private const int MaxHeaderLength = 4096;
    private const int HeaderBytes = 16 * 1024;
    private const int MaxEndpointLength = 2048;

    /// <summary>Reads the subscription that a tenant asks for.</summary>
    /// <exception cref="InvalidRequestException">The body is not valid. The error says what is wrong and what is allowed.</exception>
    public static (SubscriptionSpec Spec, IReadOnlyDictionary<string, string> Headers) Read(
        ReadOnlySequence<byte> body, WebhookRules rules) =>
        JsonMembers.Read(body, json => Read(json, rules));

    /// <summary>Writes a subscription, except the values of its headers and its endpoint's query, which no answer shows.</summary>
    public static void Write(Utf8JsonWriter json, Subscription subscription)
    {
        var spec = subscription.Spec;
        json.WriteStartObject();
        json.WriteString("name", subscription.Name.Value);
        json.WriteString("source", Topic.Of(subscription.Account));
        json.WriteString("endpoint", EndpointQuery.Masked(spec.Endpoint).OriginalString);
        json.WriteString("queues", spec.Queues.ToString());
        json.WriteStartArray("types");
        foreach (var type in spec.Types)
            json.WriteStringValue(type);
        json.WriteEndArray();
        json.WriteStartArray("headers");
        foreach (var name in spec.Headers)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteNumber("maxAttempts", spec.MaxAttempts);
        json.WriteNumber("eventTimeToLive", spec.EventTimeToLive);
        json.WriteString("state", subscription.State.ToString().ToLowerInvariant());
        if (subscription.Reason is { } reason)
            json.WriteString("reason", EndpointQuery.MaskIn(reason, spec.Endpoint));
        json.WriteInstant("changed", subscription.Changed);
        json.WriteEndObject();
    }

    private static (SubscriptionSpec, IReadOnlyDictionary<string, string>) Read(JsonElement json, WebhookRules rules)
    {
        JsonMembers.AllowOnly(json, "body", "a subscription", "endpoint", "queues", "types", "headers", "maxAttempts", "eventTimeToLive");
        var endpoint = JsonMembers.GetString(json, "endpoint")
            ?? throw new InvalidRequestException("endpoint", "endpoint is needed: the URL that events are sent to.");
        if (endpoint.Length > MaxEndpointLength)
            throw new InvalidRequestException("endpoint", $"endpoint has at most {MaxEndpointLength} characters.");
        var headers = Headers(json);
        var spec = new SubscriptionSpec
        {
            Endpoint = rules.Endpoint(endpoint),
            Queues = QueuePattern.Parse(JsonMembers.GetString(json, "queues") ?? "*"),
            Types = Types(json),
            Headers = [.. headers.Keys.Order(StringComparer.Ordinal)],
            MaxAttempts = (int)(JsonMembers.GetInteger(json, "maxAttempts", 1, 30) ?? 30),
            EventTimeToLive = (int)(JsonMembers.GetInteger(json, "eventTimeToLive", 1, 1440) ?? 1440),
        };
        return (spec, headers);
    }

    private static List<string> Types(JsonElement json)
    {
        if (JsonMembers.GetMember(json, "types") is not { } value)
            return [EventTypes.MessageCreated];
        var wrong = new InvalidRequestException("types", $"types is an array of some of {string.Join(", ", EventTypes.All)}.");
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw wrong;
        var asked = value.EnumerateArray()
            .Select(type => type.ValueKind == JsonValueKind.String ? type.GetString()! : throw wrong)
            .ToHashSet();
        return asked.IsSubsetOf(EventTypes.All) ? [.. EventTypes.All.Where(asked.Contains)] : throw wrong;
    }

    private static Dictionary<string, string> Headers(JsonElement json)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (JsonMembers.GetMember(json, "headers") is not { } value)
            return headers;
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidRequestException("headers", "headers is an object of names and values.");
        foreach (var header in value.EnumerateObject())
        {
            WebhookRules.Header(header.Name);
            var text = header.Value.ValueKind == JsonValueKind.String ? header.Value.GetString()! : "";
            if (text.Length is 0 or > MaxHeaderLength || text.Any(c => c is < ' ' or > '~'))
            {
                throw new InvalidRequestException(
                    "headers", $"The value of {header.Name} is 1 to {MaxHeaderLength} printable ASCII characters.");
            }

            if (!headers.TryAdd(header.Name, text))
                throw new InvalidRequestException("headers", $"{header.Name} is given twice.");
        }

        if (headers.Sum(header => header.Key.Length + header.Value.Length) > HeaderBytes)
            throw new InvalidRequestException("headers", $"All headers together have at most {HeaderBytes} characters.");
        return headers.Count <= MaxHeaders
            ? headers
            : throw new InvalidRequestException("headers", $"There are at most {MaxHeaders} headers.");
    }
}
