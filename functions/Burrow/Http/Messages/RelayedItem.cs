using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Burrow.Http.Pipeline;
using Burrow.Queues;

namespace Burrow.Http.Messages;

/// <summary>What an item of a batch says that a relay of another deployment sends (docs/reference/api.md, "Relays").</summary>
/// <param name="Inserted">When the message was put there, UTC ticks.</param>
/// <param name="ExpiresAt">When it expires, UTC ticks; <see cref="long.MaxValue"/>: never.</param>
/// <param name="VisibleAt">When it becomes visible, UTC ticks; 0: it is.</param>
/// <param name="TraceParent">The span that it comes from; null: not known.</param>
/// <param name="Stamps">The stamps of the deployments that it came through.</param>
/// <param name="Own">The number that its own producer gave it; null: none.</param>
/// <param name="IsGone">Whether it is gone there: its numbers count, and nothing is stored.</param>
internal sealed partial record RelayedItem(
    long Inserted, long ExpiresAt, long VisibleAt, string? TraceParent, IReadOnlyList<string> Stamps, ProducerNumber? Own, bool IsGone)
{
    /// <summary>The members that only such an item has.</summary>
    public static readonly string[] Members = ["inserted", "expires", "visibleAt", "traceparent", "via", "producer", Gone];

    private const string Gone = "gone";

    /// <summary>What an item says; null: it is not a relay's.</summary>
    /// <exception cref="InvalidRequestException">A member is not valid, or one is missing.</exception>
    public static RelayedItem? Parse(JsonElement json, Attributes attributes)
    {
        if (!Members.Any(name => json.TryGetProperty(name, out _)))
            return null;
        if (!attributes.IsEmpty)
            throw new InvalidRequestException("ttl", "An item that a relay sends has expires and visibleAt, not ttl and hide.");
        return new(
            Instant(json, "inserted") ?? throw new InvalidRequestException("inserted", "An item that a relay sends has inserted."),
            Instant(json, "expires") ?? long.MaxValue,
            Instant(json, "visibleAt") ?? 0,
            TraceParentOf(json),
            StampsOf(json),
            OwnOf(json),
            IsGoneIn(json));
    }

    /// <summary>The put of this item.</summary>
    /// <param name="number">The number that the relay gave it.</param>
    /// <param name="stamp">The stamp of this deployment.</param>
    public RelayedPut ToPut(ProducerNumber number, string stamp) =>
        new(Inserted, ExpiresAt, VisibleAt, new(number.Producer, number.Number, Stamps))
        {
            Own = Own,
            IsGone = IsGone,
            IsFromHere = Stamps.Contains(stamp),
        };

    /// <summary>The instant that a member says, UTC ticks; null if it is absent.</summary>
    public static long? Instant(JsonElement json, string name)
    {
        if (JsonMembers.GetString(json, name) is not { } text)
            return null;
        return Rfc3339.Parse(text)?.UtcTicks
            ?? throw new InvalidRequestException(name, $"{name} is an instant of RFC 3339, such as 2030-01-31T12:00:00Z.");
    }

    /// <summary>The span that a message comes from; null: not known.</summary>
    public static string? TraceParentOf(JsonElement json)
    {
        var text = JsonMembers.GetString(json, "traceparent");
        return text is null || (text.Length == 55 && ActivityContext.TryParse(text, null, out _))
            ? text
            : throw new InvalidRequestException("traceparent", "traceparent is of W3C Trace Context, version 00.");
    }

    /// <summary>Whether the message is said to be gone.</summary>
    public static bool IsGoneIn(JsonElement json) => JsonMembers.GetMember(json, Gone) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw new InvalidRequestException(Gone, "gone is true or false."),
    };

    private static IReadOnlyList<string> StampsOf(JsonElement json)
    {
        if (JsonMembers.GetMember(json, "via") is not { ValueKind: JsonValueKind.Array } via
            || via.GetArrayLength() is 0 or > RelayLimits.Stamps)
        {
            throw Wrong();
        }

        return [.. via.EnumerateArray().Select(one =>
            one.ValueKind == JsonValueKind.String && one.GetString() is { } stamp && Stamp().IsMatch(stamp) ? stamp : throw Wrong())];

        static InvalidRequestException Wrong() => new(
            "via",
            $"via is an array of 1 to {RelayLimits.Stamps} stamps, each of 1 to {RelayLimits.StampLength} letters, digits and hyphens.");
    }

    private static ProducerNumber? OwnOf(JsonElement json)
    {
        if (JsonMembers.GetMember(json, "producer") is not { } own)
            return null;
        if (own.ValueKind != JsonValueKind.Object)
            throw new InvalidRequestException("producer", "producer is an object with name, number and epoch.");
        JsonMembers.AllowOnly(own, "producer", "a producer", "name", "number", "epoch");
        return new(
            ProducerName.Parse(
                JsonMembers.GetString(own, "name") ?? throw new InvalidRequestException("producer", "A producer has a name.")),
            JsonMembers.GetInteger(own, "number", 0, long.MaxValue)
                ?? throw new InvalidRequestException("producer", "A producer's message has a number."),
            JsonMembers.GetInteger(own, "epoch", 0, long.MaxValue) ?? 0,
            null);
    }

    [GeneratedRegex(@"^[A-Za-z0-9-]{1,32}\z")]
    private static partial Regex Stamp();
}
