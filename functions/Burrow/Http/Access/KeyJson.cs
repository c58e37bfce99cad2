using System.Buffers;
using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;

namespace Burrow.Http.Access;

/// <summary>Reads and writes keys as requests and answers show them.</summary>
internal static class KeyJson
{
    /// <summary>Reads what a new key allows.</summary>
    /// <exception cref="InvalidRequestException">The body is not valid. The error says what is wrong and what is allowed.</exception>
    public static KeySpec Read(ReadOnlySequence<byte> body) => JsonMembers.Read(body, json =>
    {
        JsonMembers.AllowOnly(json, "body", "a key", "queues", "allow", "expires");
        return new KeySpec(QueuePattern.Parse(JsonMembers.GetString(json, "queues") ?? "*"), Allow(json), GetInstant(json, "expires"));
    });

    /// <summary>Writes a key, with its text where it was just made.</summary>
    public static void Write(Utf8JsonWriter json, AccessKey key, string? text = null)
    {
        json.WriteStartObject();
        json.WriteString("name", key.Name.Value);
        json.WriteString("id", key.Id.Value);
        if (text is not null)
            json.WriteString("key", text);
        json.WriteString("queues", key.Spec.Queues.ToString());
        json.WriteStartArray("allow");
        foreach (var name in PermissionNames.Of(key.Spec.Allow))
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteInstant("created", key.Created);
        json.WriteInstant("expires", key.Spec.Expires);
        json.WriteInstant("used", key.Used);
        json.WriteString("madeWith", key.ParentKey.Value);
        json.WriteEndObject();
    }

    /// <summary>Reads an instant (RFC 3339); null if it is absent.</summary>
    public static DateTimeOffset? GetInstant(JsonElement json, string name)
    {
        if (JsonMembers.GetString(json, name) is not { } text)
            return null;
        return Rfc3339.Parse(text)
            ?? throw new InvalidRequestException(name, $"{name} is an instant as in RFC 3339, 2030-01-31T12:00:00Z.");
    }

    private static Permissions Allow(JsonElement json)
    {
        var wrong = new InvalidRequestException("allow", $"allow is an array of some of {string.Join(", ", PermissionNames.All)}.");
        if (JsonMembers.GetMember(json, "allow") is not { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() == 0)
            throw wrong;
        return array.EnumerateArray()
            .Select(one => (one.ValueKind == JsonValueKind.String ? PermissionNames.Parse(one.GetString()!) : null) ?? throw wrong)
            .Aggregate(Permissions.None, (all, one) => all | one);
    }
}
