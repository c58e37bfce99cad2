using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.Extensions.Primitives;

namespace Burrow.Http.Messages;

/// <summary>What an item of a batch does.</summary>
internal enum BatchOperation
{
    Put,
    Update,
    Delete,

    /// <summary>A mirror of another deployment says what a message is there.</summary>
    Mirror,
}

/// <summary>One item of a batch.</summary>
internal sealed record BatchItem(
    BatchOperation Operation, MessageId? Id, byte[] Body, string? ContentType, Attributes Attributes, IReadOnlyList<string>? IfMatch)
{
    /// <summary>Only of a put.</summary>
    public int? Priority { get; private init; }

    /// <summary>Only of a put.</summary>
    public GroupName? Group { get; private init; }

    /// <summary>Only of a put: seconds for which it is kept what becomes of it.</summary>
    public long? Result { get; private init; }

    /// <summary>Only of a put: its number among its producer's.</summary>
    public long? Number { get; private init; }

    /// <summary>Only of a put that a relay of another deployment sends.</summary>
    public RelayedItem? Relayed { get; private init; }

    /// <summary>Only of an update: what became of the message.</summary>
    public Outcome? Outcome { get; private init; }

    /// <summary>Only of a mirror.</summary>
    public RelayedChange? Change { get; private init; }

    private static readonly string[] Members =
    [
        "op", "id", "body", "encoding", "ttl", "hide", "contentType", "ifMatch",
        "priority", "group", "result", "number", "outcome", "cause",
        .. RelayedItem.Members,
        .. MirroredItem.Members,
    ];

    /// <exception cref="BurrowException">The id is not valid.</exception>
    public static MessageId? IdOf(JsonElement json) => JsonMembers.GetString(json, "id") is { } id ? MessageId.Parse(id) : null;

    /// <exception cref="BurrowException">The item is not valid. The error says what is wrong.</exception>
    public static BatchItem Parse(JsonElement json, MessageId? id, int maxBodyBytes)
    {
        JsonMembers.AllowOnly(json, "item", "an item", Members);
        var operation = JsonMembers.GetString(json, "op") switch
        {
            null or "put" => BatchOperation.Put,
            "update" => BatchOperation.Update,
            "delete" => BatchOperation.Delete,
            "mirror" => BatchOperation.Mirror,
            _ => throw new InvalidRequestException("op", "op is put, update, delete or mirror."),
        };
        if (operation == BatchOperation.Mirror)
            return ParseMirror(json, id, maxBodyBytes);
        Refuse(json, "is for mirror.", MirroredItem.Members);
        if (operation != BatchOperation.Put)
        {
            if (id is null)
                throw new InvalidRequestException("id", "id is needed for update and delete.");
            Refuse(json, "is for put; update and delete leave it as it is.", "priority", "group", "result", "number");
            Refuse(json, "is for put.", RelayedItem.Members);
            // The body of what is done is its result.
            if (JsonMembers.GetString(json, "outcome") != "done")
                Refuse(json, "is for put, and for the outcome done.", "body", "encoding", "contentType");
            maxBodyBytes = ResultLimits.BodyBytes;
        }

        if (operation != BatchOperation.Update)
            Refuse(json, "is for update.", "outcome", "cause");
        var attributes = new Attributes(Seconds(json, "ttl"), Seconds(json, "hide"));

        var (body, type) = (
            BodyOf(json, maxBodyBytes), RequestBody.ContentType(JsonMembers.GetString(json, "contentType"), "contentType"));
        return new(
            operation,
            id,
            body,
            type,
            attributes,
            JsonMembers.GetString(json, "ifMatch") is { } match ? Preconditions.ParseTags("ifMatch", new StringValues(match)) : null)
        {
            Priority = (int?)JsonMembers.GetInteger(json, "priority", 0, QueueLimits.MaxPriority),
            Group = JsonMembers.GetString(json, "group") is { } group ? GroupName.Parse(group) : null,
            Number = JsonMembers.GetInteger(json, "number", 0, long.MaxValue),
            Relayed = RelayedItem.Parse(json, attributes),
            Result = JsonMembers.GetInteger(json, "result", 1, ResultLimits.Kept, "seconds"),
            Outcome = QueryParameters.ParseOutcome(
                JsonMembers.GetString(json, "outcome"), JsonMembers.GetString(json, "cause"), attributes) is { } outcome
                ? outcome with { Result = body.Length == 0 ? null : new(body, type) }
                : null,
        };
    }

    private static BatchItem ParseMirror(JsonElement json, MessageId? id, int maxBodyBytes)
    {
        var (body, type) = (
            BodyOf(json, maxBodyBytes), RequestBody.ContentType(JsonMembers.GetString(json, "contentType"), "contentType"));
        return new(BatchOperation.Mirror, id, body, type, default, null) { Change = MirroredItem.Parse(json, id, body, type) };
    }

    private static void Refuse(JsonElement json, string why, params string[] names)
    {
        foreach (var name in names)
        {
            if (json.TryGetProperty(name, out _))
                throw new InvalidRequestException(name, $"{name} {why}");
        }
    }

    private static byte[] BodyOf(JsonElement json, int max)
    {
        byte[] body;
        switch (JsonMembers.GetString(json, "encoding"))
        {
            case null:
                body = Utf8(json, "body");
                break;
            case "base64":
                var text = JsonMembers.GetString(json, "body", int.MaxValue) ?? "";
                body = new byte[text.Length];
                if (!Convert.TryFromBase64String(text, body, out var length))
                    throw new InvalidRequestException("body", "body isn't base64, as encoding says.");
                body = body[..length];
                break;
            default:
                throw new InvalidRequestException("encoding", "encoding is base64, or absent for text.");
        }

        return body.Length <= max ? body : throw new TooLargeException($"body is larger than the {max} bytes allowed.");
    }

    /// <summary>A string's bytes. They are copied from the JSON, unless it has an escape or is not valid UTF-8.</summary>
    private static byte[] Utf8(JsonElement json, string name)
    {
        if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
        {
            var raw = JsonMarshal.GetRawUtf8Value(value)[1..^1];
            if (!raw.Contains((byte)'\\') && System.Text.Unicode.Utf8.IsValid(raw))
                return raw.ToArray();
        }

        return Encoding.UTF8.GetBytes(JsonMembers.GetString(json, name, int.MaxValue) ?? "");
    }

    private static long? Seconds(JsonElement json, string name) =>
        JsonMembers.GetInteger(json, name, 0, QueueLimits.AttributeSeconds, "seconds");
}
