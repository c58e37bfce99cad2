using System.Buffers;
using System.Text.Json;
using Burrow.Http.Pipeline;
using Burrow.Queues;

namespace Burrow.Http.Messages;

/// <summary>Reads and writes policies as requests and answers show them (docs/reference/api.md).</summary>
internal static class PolicyJson
{
    private const string Continue = "continue";
    private const string Halt = "halt";

    /// <summary>Reads a policy that a client puts.</summary>
    /// <exception cref="InvalidRequestException">The body is not valid. The error says what is wrong and what is allowed.</exception>
    public static QueuePolicy Read(ReadOnlySequence<byte> body, PolicyName name) => JsonMembers.Read(body, json => Read(json, name));

    public static void Write(Utf8JsonWriter json, QueuePolicy policy)
    {
        json.WriteStartObject();
        json.WriteString("name", policy.Name.Value);
        json.WriteString("queues", policy.Queues.ToString());
        if (policy.Ttl is { } ttl)
            json.WriteNumber("ttl", ttl);
        if (policy.Hide is { } hide)
            json.WriteNumber("hide", hide);
        if (policy.MaxDeliveries is { } maxDeliveries)
            json.WriteNumber("maxDeliveries", maxDeliveries);
        json.WriteNumber("deadTtl", policy.DeadTtl);
        json.WriteStartArray("retryDelays");
        foreach (var delay in policy.RetryDelays)
            json.WriteNumberValue(delay);
        json.WriteEndArray();
        json.WriteNumber("maxMessages", policy.MaxMessages);
        json.WriteNumber("groupConcurrency", policy.GroupConcurrency);
        json.WriteString("groupOnDead", policy.HaltsGroupOnDead ? Halt : Continue);
        json.WriteBoolean("paused", policy.Paused);
        json.WriteEndObject();
    }

    private static QueuePolicy Read(JsonElement json, PolicyName name)
    {
        JsonMembers.AllowOnly(
            json,
            "body",
            "a policy",
            "queues", "ttl", "hide", "maxDeliveries", "deadTtl", "retryDelays", "maxMessages", "groupConcurrency", "groupOnDead", "paused");
        var queues = JsonMembers.GetString(json, "queues")
            ?? throw new InvalidRequestException("queues", "queues is needed: a name, a beginning and *, or *.");
        return new(name, QueuePattern.Parse(queues))
        {
            Ttl = Seconds(json, "ttl"),
            Hide = Seconds(json, "hide"),
            MaxDeliveries = JsonMembers.GetInteger(json, "maxDeliveries", 1, PolicyLimits.MaxDeliveries),
            DeadTtl = Seconds(json, "deadTtl") ?? PolicyLimits.DefaultDeadTtl,
            RetryDelays = RetryDelays(json),
            MaxMessages = JsonMembers.GetInteger(json, "maxMessages", 0, PolicyLimits.MaxMessages) ?? 0,
            GroupConcurrency = JsonMembers.GetInteger(json, "groupConcurrency", 1, PolicyLimits.GroupConcurrency) ?? 1,
            HaltsGroupOnDead = JsonMembers.GetString(json, "groupOnDead") switch
            {
                null or Continue => false,
                Halt => true,
                _ => throw new InvalidRequestException("groupOnDead", $"groupOnDead is {Continue} or {Halt}."),
            },
            Paused = JsonMembers.GetMember(json, "paused") is { } paused && paused.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => throw new InvalidRequestException("paused", "paused is true or false."),
            },
        };
    }

    private static List<long> RetryDelays(JsonElement json)
    {
        if (JsonMembers.GetMember(json, "retryDelays") is not { } value)
            return [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > PolicyLimits.RetryDelays)
            throw Wrong();
        return [.. value.EnumerateArray().Select(delay =>
            JsonMembers.ParseInteger(delay, 0, QueueLimits.AttributeSeconds) ?? throw Wrong())];

        static InvalidRequestException Wrong() => new(
            "retryDelays",
            $"retryDelays is an array of at most {PolicyLimits.RetryDelays} whole numbers of seconds "
            + $"from 0 to {QueueLimits.AttributeSeconds}.");
    }

    private static long? Seconds(JsonElement json, string name) =>
        JsonMembers.GetInteger(json, name, 0, QueueLimits.AttributeSeconds, "seconds");
}
