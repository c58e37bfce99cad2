using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CommunityToolkit.HighPerformance.Buffers;

namespace Burrow.Http.Pipeline;

/// <summary>JSON as bytes, as their length must be known before the first is sent.</summary>
internal static class JsonText
{
    // Relaxed: answers are never part of a page (Answer's headers see to it), and clients needn't unescape every letter.
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes it to borrowed memory, which whoever has it gives back. A list is a megabyte, and to the collector those cost most.</summary>
    public static ArrayPoolBufferWriter<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayPoolBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return buffer;
    }

    /// <summary>An instant (RFC 3339, UTC, ms), if there is one.</summary>
    public static void WriteInstant(this Utf8JsonWriter json, string name, DateTimeOffset? instant)
    {
        if (instant is { } some)
            json.WriteString(name, some.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }
}
