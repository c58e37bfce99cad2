using System.Text.Json.Serialization;

namespace Burrow.Client.Cli.Verbs;

/// <summary>A message in a file: one line of JSON. <c>cursor</c> is its place in the queue that it was exported from, and grows.</summary>
internal sealed record ExportedMessage
{
    public required string Cursor { get; set; }

    public required string Id { get; set; }

    public string Body { get; set; } = "";

    public string? Encoding { get; set; }

    public string? ContentType { get; set; }

    /// <summary>How many seconds it lived on when it was exported; 0: for ever.</summary>
    public long Ttl { get; set; }

    public long Hide { get; set; }

    public int Priority { get; set; } = PutOptions.DefaultPriority;

    public string? Group { get; set; }

    public DateTimeOffset Inserted { get; set; }

    [JsonIgnore]
    public ReadOnlyMemory<byte> Bytes =>
        Encoding == "base64" ? Convert.FromBase64String(Body) : System.Text.Encoding.UTF8.GetBytes(Body);

    [JsonIgnore]
    public PutOptions Options => new()
    {
        Id = Id,
        ContentType = ContentType,
        Ttl = Ttl == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(Ttl),
        Hide = TimeSpan.FromSeconds(Hide),
        Priority = Priority,
        Group = Group,
    };

    public static ExportedMessage Of(Message<ReadOnlyMemory<byte>> message)
    {
        var (text, encoding) = BodyText.Of(message.Bytes.Span);
        return new()
        {
            Cursor = message.Cursor!,
            Id = message.Id,
            Body = text,
            Encoding = encoding,
            ContentType = message.ContentType,
            Ttl = message.Ttl is { } ttl ? Math.Max(1, (long)ttl.TotalSeconds) : 0,
            Hide = (long)message.Hide.TotalSeconds,
            Priority = message.Priority,
            Group = message.Group,
            Inserted = message.Inserted,
        };
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExportedMessage))]
internal sealed partial class ExportJson : JsonSerializerContext;
