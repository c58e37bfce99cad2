using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Burrow.Client;

/// <summary>
/// A message as <c>detail=full</c> shows it. Its members can be set, because the JSON reader makes those that can only be initialised 0 or
/// null where they are absent, whatever they are initialised to.
/// </summary>
internal sealed record WireMessage
{
    public required string Id { get; set; }

    public long Ttl { get; set; }

    public long Hide { get; set; }

    /// <summary>The body's text in UTF-8, or in base64.</summary>
    [JsonConverter(typeof(Utf8TextConverter))]
    public ReadOnlyMemory<byte> Body { get; set; }

    public string? Encoding { get; set; }

    public string Etag { get; set; } = "";

    public int Deliveries { get; set; }

    public DateTimeOffset Inserted { get; set; }

    public string? ContentType { get; set; }

    [JsonPropertyName("traceparent")]
    public string? TraceParent { get; set; }

    public int Priority { get; set; } = PutOptions.DefaultPriority;

    public string? Group { get; set; }

    public DateTimeOffset? Died { get; set; }

    public IReadOnlyList<Cause>? Causes { get; set; }

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
