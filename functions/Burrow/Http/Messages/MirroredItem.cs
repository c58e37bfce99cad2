using System.Text.Json;
using Burrow.Http.Pipeline;
using Burrow.Queues;

namespace Burrow.Http.Messages;

/// <summary>
/// An item of a batch by which a mirror of another deployment says what a message is there now (docs/reference/api.md, "Relays").
/// </summary>
internal static class MirroredItem
{
    /// <summary>The members that only such an item has.</summary>
    public static readonly string[] Members = ["died", "causes"];

    /// <summary>The members of other items that have no meaning here.</summary>
    private static readonly string[] Others =
        ["ttl", "hide", "ifMatch", "priority", "group", "result", "outcome", "cause", "inserted", "via", "producer"];

    /// <summary>What an item says.</summary>
    /// <exception cref="InvalidRequestException">A member is not valid, or one is missing.</exception>
    public static RelayedChange Parse(JsonElement json, MessageId? id, byte[] body, string? contentType)
    {
        foreach (var name in Others)
        {
            if (json.TryGetProperty(name, out _))
                throw new InvalidRequestException(name, $"{name} does not go with the op mirror.");
        }

        return new(
            id ?? throw new InvalidRequestException("id", "id is needed for mirror."),
            JsonMembers.GetInteger(json, "number", 0, long.MaxValue)
                ?? throw new InvalidRequestException("number", "number is needed for mirror: that under which the message came."))
        {
            IsGone = RelayedItem.IsGoneIn(json),
            ExpiresAt = RelayedItem.Instant(json, "expires") ?? long.MaxValue,
            VisibleAt = RelayedItem.Instant(json, "visibleAt") ?? 0,
            DiedAt = RelayedItem.Instant(json, "died") ?? 0,
            TraceParent = RelayedItem.TraceParentOf(json),
            Causes = CausesOf(json),
            ContentType = contentType,
            Body = body,
        };
    }

    private static IReadOnlyList<Cause> CausesOf(JsonElement json)
    {
        if (JsonMembers.GetMember(json, "causes") is not { } causes)
            return [];
        if (causes.ValueKind != JsonValueKind.Array || causes.GetArrayLength() > QueueLimits.Causes)
            throw new InvalidRequestException("causes", $"causes is an array of at most {QueueLimits.Causes}.");
        return [.. causes.EnumerateArray().Select(one =>
        {
            if (one.ValueKind != JsonValueKind.Object)
                throw new InvalidRequestException("causes", "A cause is an object with at, delivery and cause.");
            JsonMembers.AllowOnly(one, "causes", "a cause", "at", "delivery", "cause");
            return new Cause(
                new(RelayedItem.Instant(one, "at") ?? throw new InvalidRequestException("causes", "A cause has at."), TimeSpan.Zero),
                JsonMembers.GetInteger(one, "delivery", 0, long.MaxValue) ?? 0,
                Cause.ParseText(JsonMembers.GetString(one, "cause") ?? ""));
        })];
    }
}
