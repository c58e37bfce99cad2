using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Burrow.Events.Model;
using Burrow.Events.Subscriptions;

namespace Burrow.Events.EventGrid;

/// <summary>Event subscriptions as JSON, in the format of Event Grid's management API.</summary>
internal static class EventSubscriptionJson
{
    /// <summary>The body of a request that creates or updates an event subscription.</summary>
    public static byte[] Write(Subscription subscription, IReadOnlyDictionary<string, string> headers, EventsOptions options)
    {
        var spec = subscription.Spec;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("properties");

            WriteDestination(json, spec, headers);
            WriteFilter(json, spec);
            json.WriteString("eventDeliverySchema", "CloudEventSchemaV1_0");
            json.WriteStartObject("retryPolicy");
            json.WriteNumber("maxDeliveryAttempts", spec.MaxAttempts);
            json.WriteNumber("eventTimeToLiveInMinutes", spec.EventTimeToLive);
            json.WriteEndObject();
            WriteDeadLetters(json, options);
            json.WriteStartArray("labels");
            json.WriteStringValue(subscription.Label);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Reads a response. For an event subscription, it says the state and the label. For an operation, it says the state and the error.
    /// Any other response says an error. Parts that differ from Event Grid's documentation are ignored.
    /// </summary>
    public static (string? State, string? Reason, string? Label) Read(byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            var properties = Member(root, "properties");
            var labels = Member(properties, "labels");
            var error = Member(root, "error");
            return (
                Text(properties, "provisioningState") ?? Text(root, "status"),
                Text(error, "message") ?? Text(error, "code"),
                labels is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() > 0 ? array[0].GetString() : null);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static void WriteDestination(Utf8JsonWriter json, SubscriptionSpec spec, IReadOnlyDictionary<string, string> headers)
    {
        json.WriteStartObject("destination");
        json.WriteString("endpointType", "WebHook");
        json.WriteStartObject("properties");
        json.WriteString("endpointUrl", spec.Endpoint.OriginalString);
        json.WriteNumber("maxEventsPerBatch", 1);
        json.WriteStartArray("deliveryAttributeMappings");
        foreach (var (name, value) in headers)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("type", "Static");
            json.WriteStartObject("properties");
            json.WriteString("value", value);
            json.WriteBoolean("isSecret", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteFilter(Utf8JsonWriter json, SubscriptionSpec spec)
    {
        json.WriteStartObject("filter");
        if (spec.Queues.ToString() != "*")
            json.WriteString("subjectBeginsWith", Topic.SubjectBegins(spec.Queues));
        json.WriteBoolean("isSubjectCaseSensitive", true);
        json.WriteStartArray("includedEventTypes");
        foreach (var type in spec.Types)
            json.WriteStringValue(type);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDeadLetters(Utf8JsonWriter json, EventsOptions options)
    {
        if (options is not { DeadLetterContainer: { Length: > 0 } container, DeadLetterAccount: { Length: > 0 } account })
            return;
        json.WriteStartObject("deadLetterWithResourceIdentity");
        json.WriteStartObject("identity");
        json.WriteString("type", "SystemAssigned");
        json.WriteEndObject();
        json.WriteStartObject("deadLetterDestination");
        json.WriteString("endpointType", "StorageBlob");
        json.WriteStartObject("properties");
        json.WriteString("resourceId", account);
        json.WriteString("blobContainerName", container);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static JsonElement? Member(JsonElement? json, string name) =>
        json is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement? json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
