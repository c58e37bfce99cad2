using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Burrow.Client;

/// <summary>One batch, ready to be sent.</summary>
/// <param name="Body">Its items, one a line.</param>
/// <param name="Count">How many these are.</param>
/// <param name="OnlyIfNew">Whether the id of no item may exist yet, so that the batch may be sent twice.</param>
internal sealed record Batch(ReadOnlyMemory<byte> Body, int Count, bool OnlyIfNew);

/// <summary>An item's outcome as it is answered.</summary>
internal sealed record WireBatchResult(string? Id, int Status, string? Etag, bool Duplicate, string? Error)
{
    public BatchResult ToResult() => new(Id ?? "", Status, Etag, Error);
}

/// <summary>Packs messages into batches (docs/reference/api.md, "Batches").</summary>
internal static class BatchWriter
{
    public const string ContentType = "application/x-ndjson";

    /// <summary>The service takes 1,000 items and 16 MiB. Smaller batches are done sooner, and one that fails costs less.</summary>
    public const int MaxItems = 1_000;

    private const int MaxBytes = 4 * 1024 * 1024;

    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>
    /// Packs messages in their order. What may not be sent twice is in batches of its own, as a batch is sent again as a whole.
    /// </summary>
    public static IEnumerable<Batch> Pack<T>(IEnumerable<NewMessage<T>> messages, BodyFormat<T> format)
    {
        var lines = new ArrayBufferWriter<byte>();
        var (count, isRepeatable) = (0, true);
        foreach (var message in messages)
        {
            var options = message.Options ?? new();
            var onlyIfNew = options.OnlyIfNew || options.Id is null;
            if (options.Receipt is not null && options.OnlyIfNew)
                throw new ArgumentException("A message with OnlyIfNew has no receipt yet.", nameof(messages));
            var line = Write(message, options, format, number: null);
            if (count > 0 && (count == MaxItems || onlyIfNew != isRepeatable || lines.WrittenCount + line.WrittenCount > MaxBytes))
            {
                yield return new(lines.WrittenMemory.ToArray(), count, isRepeatable);
                lines.ResetWrittenCount();
                count = 0;
            }

            lines.Write(line.WrittenSpan);
            (count, isRepeatable) = (count + 1, onlyIfNew);
        }

        if (count > 0)
            yield return new(lines.WrittenMemory.ToArray(), count, isRepeatable);
    }

    /// <summary>Writes one item.</summary>
    public static ArrayBufferWriter<byte> Write<T>(NewMessage<T> message, PutOptions options, BodyFormat<T> format, long? number)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line, Options))
        {
            json.WriteStartObject();
            json.WriteString("id", options.Id is null ? Names.NewId() : Names.Check(options.Id, nameof(message)));
            WriteBody(json, format.Write(message.Body).Span);
            WriteNumber(json, "ttl", Seconds.OfTtl(options.Ttl, nameof(message)));
            WriteNumber(json, "hide", Seconds.OfHide(options.Hide, nameof(message)));
            WriteNumber(json, "priority", options.Priority);
            WriteNumber(json, "result", options.Result is { } kept ? Seconds.Of(kept) : null);
            WriteNumber(json, "number", number);
            WriteText(json, "group", options.Group);
            WriteText(json, "contentType", options.ContentType ?? format.ContentType);
            WriteText(json, "ifMatch", options.Receipt);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line;
    }

    /// <summary>Writes one change.</summary>
    public static void Write(IBufferWriter<byte> lines, MessageChange change)
    {
        using (var json = new Utf8JsonWriter(lines, Options))
        {
            json.WriteStartObject();
            json.WriteString("op", change.Operation);
            json.WriteString("id", change.Id);
            WriteNumber(json, "ttl", Seconds.OfTtl(change.Ttl, nameof(change)));
            WriteNumber(json, "hide", Seconds.OfHide(change.Hide, nameof(change)));
            WriteText(json, "ifMatch", change.Receipt);
            json.WriteEndObject();
        }

        lines.Write("\n"u8);
    }

    private static void WriteBody(Utf8JsonWriter json, ReadOnlySpan<byte> body)
    {
        if (Utf8.IsValid(body))
        {
            json.WriteString("body", body);
            return;
        }

        json.WriteBase64String("body", body);
        json.WriteString("encoding", "base64");
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }
}
