using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Burrow.Client;

/// <summary>A message as <c>detail=full</c> shows it.</summary>
internal sealed record WireMessage
{
    public required string Id { get; init; }

    public long Ttl { get; init; }

    public long Hide { get; init; }

    /// <summary>The body's text in UTF-8, or in base64.</summary>
    [JsonConverter(typeof(Utf8TextConverter))]
    public ReadOnlyMemory<byte> Body { get; init; }

    public string? Encoding { get; init; }

    public string Etag { get; init; } = "";

    public int Deliveries { get; init; }

    public DateTimeOffset Inserted { get; init; }

    public string? ContentType { get; init; }

    [JsonPropertyName("traceparent")]
    public string? TraceParent { get; init; }

    public int Priority { get; init; } = PutOptions.DefaultPriority;

    public string? Group { get; init; }

    public DateTimeOffset? Died { get; init; }

    public IReadOnlyList<Cause>? Causes { get; init; }

    /// <summary>The body.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Bytes => Encoding == "base64" ? FromBase64() : Body;

    private byte[] FromBase64()
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(Body.Length)];
        return Base64.DecodeFromUtf8(Body.Span, bytes, out _, out var written) == System.Buffers.OperationStatus.Done
            ? bytes[..written]
            : throw new JsonException("The body is not base64.");
    }

    /// <summary>Reads a JSON string as UTF-8, without a <see cref="string"/> in between.</summary>
    internal sealed class Utf8TextConverter : JsonConverter<ReadOnlyMemory<byte>>
    {
        public override ReadOnlyMemory<byte> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var bytes = new byte[reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length];
            var length = reader.CopyString(bytes);
            return bytes.AsMemory(0, length);
        }

        public override void Write(Utf8JsonWriter writer, ReadOnlyMemory<byte> value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Span);
    }
}
