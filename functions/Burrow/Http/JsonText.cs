using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Burrow.Http;

/// <summary>JSON as bytes, as their length must be known before the first is sent.</summary>
internal static class JsonText
{
    // Relaxed: answers are never part of a page (Answer's headers see to it), and clients needn't unescape every letter.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return buffer.WrittenMemory;
    }
}
