using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Burrow.Http.Pipeline;

/// <summary>JSON as bytes in memory, because their number must be known before the first is sent.</summary>
internal static class JsonText
{
    // Relaxed: answers are never part of a page (Answer's headers prevent that), and clients need not unescape every letter.
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>
    /// Writes JSON to borrowed memory, which the caller returns. A list is a megabyte, and arrays of that size cost the garbage collector
    /// most.
    /// </summary>
    public static ByteBuffer Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ByteBuffer(512);
        Write(buffer, write);
        return buffer;
    }

    /// <summary>Writes JSON behind what a buffer holds.</summary>
    public static void Write(ByteBuffer buffer, Action<Utf8JsonWriter> write)
    {
        using var json = new Utf8JsonWriter(buffer, Options);
        write(json);
    }

    /// <summary>Writes an instant (RFC 3339, UTC, milliseconds), if there is one.</summary>
    public static void WriteInstant(this Utf8JsonWriter json, string name, DateTimeOffset? instant)
    {
        if (instant is { } some)
            json.WriteString(name, Instant(some));
    }

    /// <summary>An instant as text, to the millisecond.</summary>
    public static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
