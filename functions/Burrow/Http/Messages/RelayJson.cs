using System.Buffers;
using System.Text.Json;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Relays;

namespace Burrow.Http.Messages;

/// <summary>Reads and writes relays as requests and answers show them (docs/reference/api.md).</summary>
internal static class RelayJson
{
    private const string Copy = "copy";
    private const string Mirror = "mirror";
    private const string Drop = "drop";
    private const string Refuse = "refuse";

    /// <summary>Reads a relay that a client puts.</summary>
    /// <exception cref="InvalidRequestException">The body is not valid. The error says what is wrong and what is allowed.</exception>
    public static Relay Read(ReadOnlySequence<byte> body, AccountName account, RelayName name, RelayRules rules, RelayKeys keys) =>
        JsonMembers.Read(body, json => Read(json, account, name, rules, keys));

    public static void Write(Utf8JsonWriter json, RelayState state)
    {
        var relay = state.Relay;
        json.WriteStartObject();
        json.WriteString("name", relay.Name.Value);
        json.WriteString("queues", relay.Queues.ToString());
        json.WriteString("to", relay.To.OriginalString);
        json.WriteString("account", relay.Account.Value);
        json.WriteString("mode", relay.Mode == RelayMode.Mirror ? Mirror : Copy);
        json.WriteNumber("maxOutbox", relay.MaxOutbox);
        json.WriteString("onFull", relay.RefusesWhenFull ? Refuse : Drop);
        json.WriteString("state", NameOf(state.Phase));
        if (state.Reason is { } reason)
            json.WriteString("reason", reason);
        json.WriteStartArray("links");
        foreach (var link in state.Links)
        {
            json.WriteStartObject();
            json.WriteString("queue", link.Queue.Value);
            json.WriteString("producer", link.Producer.Value);
            json.WriteString("state", NameOf(link.Phase));
            if (link.Reason is { } why)
                json.WriteString("reason", why);
            json.WriteNumber("messages", link.Messages);
            json.WriteNumber("seconds", link.Seconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, RelayMissing missing)
    {
        json.WriteStartObject();
        json.WriteString("queue", missing.Queue.Value);
        json.WriteString("id", missing.Id.Value);
        json.WriteString("change", missing.IsChanged ? "changed" : "put");
        json.WriteEndObject();
    }

    public static string NameOf(RelayPhase phase) => phase.ToString().ToLowerInvariant();

    private static Relay Read(JsonElement json, AccountName account, RelayName name, RelayRules rules, RelayKeys keys)
    {
        JsonMembers.AllowOnly(json, "body", "a relay", "queues", "to", "account", "key", "mode", "maxOutbox", "onFull");
        var queues = JsonMembers.GetString(json, "queues")
            ?? throw new InvalidRequestException("queues", "queues is needed: a name, a beginning and *, or *.");
        var to = JsonMembers.GetString(json, "to")
            ?? throw new InvalidRequestException("to", "to is needed: the other side's address, https://{host}.");
        return new(
            name,
            QueuePattern.Parse(queues),
            rules.Parse(to),
            JsonMembers.GetString(json, "account") is { } there ? AccountName.Parse(there) : account)
        {
            Mode = JsonMembers.GetString(json, "mode") switch
            {
                null or Copy => RelayMode.Copy,
                Mirror => RelayMode.Mirror,
                _ => throw new InvalidRequestException("mode", $"mode is {Copy} or {Mirror}."),
            },
            MaxOutbox = JsonMembers.GetInteger(json, "maxOutbox", 1, RelayLimits.GreatestMaxOutbox) ?? RelayLimits.MaxOutbox,
            RefusesWhenFull = JsonMembers.GetString(json, "onFull") switch
            {
                null or Drop => false,
                Refuse => true,
                _ => throw new InvalidRequestException("onFull", $"onFull is {Drop} or {Refuse}."),
            },
            SealedKey = keys.Seal(KeyOf(json)),
        };
    }

    /// <summary>The key for the other side. It goes into a header.</summary>
    private static string? KeyOf(JsonElement json)
    {
        var key = JsonMembers.GetString(json, "key");
        return key is null || (key.Length is > 0 and <= RelayLimits.KeyBytes && key.All(character => character is > ' ' and <= '~'))
            ? key
            : throw new InvalidRequestException("key", $"key is 1 to {RelayLimits.KeyBytes} characters of ASCII, without spaces.");
    }
}
