using System.Text.Json;

namespace Burrow.Local.EventGrid;

/// <summary>An event subscription of a domain topic, read from the body of a request to the management REST.</summary>
internal sealed record EventSubscription(string Topic, string Name, byte[] Json, string State, string? Reason)
{
    private readonly JsonElement properties = JsonDocument.Parse(Json).RootElement.GetProperty("properties");

    /// <summary>Whether its endpoint has agreed to deliveries.</summary>
    public bool Delivers => State is "Succeeded" or "Updating";

    public Uri Endpoint => new(properties.GetProperty("destination").GetProperty("properties").GetProperty("endpointUrl").GetString()!);

    /// <summary>The headers that each delivery carries.</summary>
    public IEnumerable<(string Name, string Value)> Headers =>
        properties.GetProperty("destination").GetProperty("properties").TryGetProperty("deliveryAttributeMappings", out var mappings)
            ? mappings.EnumerateArray().Select(
                mapping => (mapping.GetProperty("name").GetString()!, mapping.GetProperty("properties").GetProperty("value").GetString()!))
            : [];

    public int MaxAttempts => properties.GetProperty("retryPolicy").GetProperty("maxDeliveryAttempts").GetInt32();

    public TimeSpan TimeToLive =>
        TimeSpan.FromMinutes(properties.GetProperty("retryPolicy").GetProperty("eventTimeToLiveInMinutes").GetInt32());

    public bool Matches(string subject, string type)
    {
        var filter = properties.GetProperty("filter");
        var comparison = filter.TryGetProperty("isSubjectCaseSensitive", out var sensitive) && sensitive.GetBoolean()
            ? StringComparison.Ordinal
            : StringComparison.OrdinalIgnoreCase;
        return (!filter.TryGetProperty("subjectBeginsWith", out var begins) || subject.StartsWith(begins.GetString()!, comparison))
            && (!filter.TryGetProperty("subjectEndsWith", out var ends) || subject.EndsWith(ends.GetString()!, comparison))
            && (!filter.TryGetProperty("includedEventTypes", out var types) || types.EnumerateArray().Any(one => one.GetString() == type));
    }

    /// <summary>Writes it as the management REST shows it, without secrets.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteString("type", "Microsoft.EventGrid/domains/topics/eventSubscriptions");
        json.WriteStartObject("properties");
        json.WriteString("topic", Topic);
        json.WriteString("provisioningState", State);
        json.WriteStartObject("destination");
        json.WriteString("endpointType", "WebHook");
        json.WriteStartObject("properties");
        json.WriteString("endpointBaseUrl", Endpoint.GetLeftPart(UriPartial.Path));
        json.WriteEndObject();
        json.WriteEndObject();
        foreach (var name in new[] { "filter", "labels", "eventDeliverySchema", "retryPolicy" })
        {
            if (properties.TryGetProperty(name, out var value))
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
