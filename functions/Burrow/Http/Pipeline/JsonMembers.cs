using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Burrow.Http.Pipeline;

/// <summary>Reads JSON objects that clients send, member by member. An error names what is wrong.</summary>
internal static class JsonMembers
{
    /// <summary>Bytes of a member's name that an error repeats.</summary>
    private const int MaxShownName = 64;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// A text without its byte order mark. JSON has none (RFC 8259, section 8.1), but some tools write one, and a reader may ignore it.
    /// </summary>
    public static ReadOnlySequence<byte> WithoutByteOrderMark(ReadOnlySequence<byte> text) =>
        text.FirstSpan.StartsWith(ByteOrderMark) ? text.Slice(ByteOrderMark.Length) : text;

    /// <summary>Reads a body that is one object.</summary>
    /// <exception cref="InvalidRequestException">The body is not one JSON object, or <paramref name="read"/> found an error.</exception>
    public static T Read<T>(ReadOnlySequence<byte> body, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(WithoutByteOrderMark(body));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement)
                : throw new InvalidRequestException("body", "The body is a JSON object.");
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: JSON can express it, but .NET cannot decode it.
            throw new InvalidRequestException("body", "The body holds text that isn't Unicode.");
        }
    }

    public static InvalidRequestException NotJson(JsonException e) =>
        new("body", $"This isn't JSON, from byte {e.BytePositionInLine} of line {e.LineNumber + 1} on.");

    /// <summary>Requires that the object has only the members that are allowed, each once.</summary>
    /// <param name="json">The object.</param>
    /// <param name="parameter">The parameter that an error names.</param>
    /// <param name="what">What the object is, with its article, for the error.</param>
    /// <param name="members">The members that the object may have.</param>
    public static void AllowOnly(JsonElement json, string parameter, string what, params string[] members)
    {
        // A bit for each member: no object has 64.
        var given = 0UL;
        foreach (var member in json.EnumerateObject())
        {
            var index = Array.FindIndex(members, member.NameEquals);
            if (index < 0)
            {
                var name = JsonMarshal.GetRawUtf8PropertyName(member).Length <= MaxShownName ? $"'{member.Name}'" : "A long name";
                throw new InvalidRequestException(
                    parameter, $"{name} is no member of {what}; those are {string.Join(", ", members)}.");
            }

            // Readers differ in which of two they take (RFC 8259, section 4), so the client may mean either.
            if ((given & (1UL << index)) != 0)
                throw new InvalidRequestException(members[index], $"{members[index]} is given twice.");
            given |= 1UL << index;
        }
    }

    /// <summary>The member; null if it is absent or null.</summary>
    public static JsonElement? GetMember(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A string; null if it is absent or null.</summary>
    /// <param name="json">The object.</param>
    /// <param name="name">The member.</param>
    /// <param name="maxBytes">Bytes of the string in JSON.</param>
    public static string? GetString(JsonElement json, string name, int maxBytes = HttpLimits.JsonStringBytes)
    {
        if (GetMember(json, name) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.String && JsonMarshal.GetRawUtf8Value(value).Length > maxBytes)
            throw new InvalidRequestException(name, $"{name} is too long.");
        try
        {
            return value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : throw new InvalidRequestException(name, $"{name} is a string.");
        }
        catch (InvalidOperationException)
        {
            throw new InvalidRequestException(
                name, $"{name} isn't Unicode: it holds half of a surrogate pair, or bytes that aren't UTF-8.");
        }
    }

    /// <summary>A whole number, in any notation (<see cref="JsonInteger"/>); null if it is absent or null.</summary>
    public static long? GetInteger(JsonElement json, string name, long least, long max, string? unit = null)
    {
        if (GetMember(json, name) is not { } value)
            return null;
        return ParseInteger(value, least, max) ?? throw new InvalidRequestException(
            name,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name} is a whole number {(unit is null ? "" : $"of {unit} ")}from {least} to {max}."));
    }

    /// <summary>A value that is a whole number within these bounds; null if it is not.</summary>
    public static long? ParseInteger(JsonElement value, long least, long max) =>
        value.ValueKind == JsonValueKind.Number
        && JsonInteger.Parse(JsonMarshal.GetRawUtf8Value(value)) is { } number
        && number >= least
        && number <= max
            ? number
            : null;
}
