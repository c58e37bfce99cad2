using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Burrow.Client;

/// <summary>How a body is written to bytes and read from them.</summary>
/// <param name="write">Writes a body.</param>
/// <param name="read">Reads a body; throws <see cref="FormatException"/> or <see cref="JsonException"/>.</param>
/// <param name="contentType">The content type that goes with it; null: none.</param>
internal sealed class BodyFormat<T>(Func<T, ReadOnlyMemory<byte>> write, Func<ReadOnlyMemory<byte>, T> read, string? contentType)
{
    public string? ContentType => contentType;

    public ReadOnlyMemory<byte> Write(T body) => write(body);

    /// <exception cref="BurrowBodyException">The bytes are no such body.</exception>
    public T Read(ReadOnlyMemory<byte> bytes, string id)
    {
        try
        {
            return read(bytes);
        }
        catch (Exception e) when (e is JsonException or FormatException or NotSupportedException)
        {
            throw new BurrowBodyException($"The body of message '{id}' is no {typeof(T).Name}: {e.Message}", e);
        }
    }
}

/// <summary>The formats that there are.</summary>
internal static class BodyFormat
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static BodyFormat<ReadOnlyMemory<byte>> Bytes { get; } = new(body => body, bytes => bytes, null);

    public static BodyFormat<string> Text { get; } =
        new(body => Strict.GetBytes(body), ReadText, "text/plain; charset=utf-8");

    public static BodyFormat<T> Json<T>(JsonTypeInfo<T> type) => new(
        body => JsonSerializer.SerializeToUtf8Bytes(body, type),
        bytes => JsonSerializer.Deserialize(bytes.Span, type)!,
        "application/json");

    private static string ReadText(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes.Span);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("It isn't UTF-8.", e);
        }
    }
}
