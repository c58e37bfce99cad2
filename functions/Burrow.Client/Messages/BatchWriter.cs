using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Burrow.Client;

/// <summary>One batch, ready to be sent.</summary>
/// <param name="Body">Its items, one a line.</param>
/// <param name="Ids">The ids of these.</param>
/// <param name="OwnIds">Which of them this client made: no other message has them.</param>
/// <param name="OnlyIfNew">Whether the id of no item may exist yet, so that the batch may be sent twice.</param>
internal sealed record Batch(ReadOnlyMemory<byte> Body, IReadOnlyList<string> Ids, IReadOnlySet<string> OwnIds, bool OnlyIfNew);

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

    /// <inheritdoc cref="MaxItems"/>
    public const int MaxBytes = 4 * 1024 * 1024;

    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>
    /// Packs messages in their order. What may not be sent twice is in batches of its own, as a batch is sent again as a whole.
    /// </summary>
    public static IEnumerable<Batch> Pack<T>(IEnumerable<NewMessage<T>> messages, BodyFormat<T> format)
    {
        var lines = new ArrayBufferWriter<byte>();
        var (ids, ownIds, isRepeatable) = (new List<string>(), new HashSet<string>(), true);
        foreach (var message in messages)
        {
            var options = message.Options ?? new();
            var onlyIfNew = options.OnlyIfNew || options.Id is null;
            if (options.Receipt is not null && options.OnlyIfNew)
                throw new ArgumentException("A message with OnlyIfNew has no receipt yet.", nameof(messages));
            var id = options.Id ?? Names.NewId();
            var line = Write(id, message.Body, options, format);
            if (ids.Count > 0
                && (ids.Count == MaxItems || onlyIfNew != isRepeatable || lines.WrittenCount + line.WrittenCount > MaxBytes))
            {
                yield return new(lines.WrittenMemory.ToArray(), ids, ownIds, isRepeatable);
                lines.ResetWrittenCount();
                (ids, ownIds) = ([], []);
            }

            lines.Write(line.WrittenSpan);
            ids.Add(id);
            if (options.Id is null)
                ownIds.Add(id);
            isRepeatable = onlyIfNew;
        }

        if (ids.Count > 0)
            yield return new(lines.WrittenMemory.ToArray(), ids, ownIds, isRepeatable);
    }

    /// <summary>Writes one item, as a line.</summary>
    /// <exception cref="ArgumentException">Something is out of its bounds.</exception>
    public static ArrayBufferWriter<byte> Write<T>(string id, T body, PutOptions options, BodyFormat<T> format)
    {
        const string Parameter = nameof(options);
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line, Options))
        {
            json.WriteStartObject();
            json.WriteString("id", Names.Check(id, Parameter));
            WriteBody(json, format.Write(body).Span);
            WriteNumber(json, "ttl", Seconds.OfTtl(options.Ttl, Parameter));
            WriteNumber(json, "hide", Seconds.OfHide(options.Hide, Parameter));
            WriteNumber(json, "priority", options.Priority);
            WriteNumber(json, "result", options.Result is { } kept ? Seconds.Of(kept) : null);
            WriteText(json, "group", options.Group);
            WriteText(json, "contentType", options.ContentType ?? format.ContentType);
            WriteText(json, "ifMatch", options.Receipt);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line;
    }

    /// <summary>Packs changes in their order. They are not sent twice.</summary>
    public static IEnumerable<Batch> Pack(IEnumerable<MessageChange> changes)
    {
        foreach (var chunk in changes.Chunk(MaxItems))
        {
            var lines = new ArrayBufferWriter<byte>();
            foreach (var change in chunk)
                Write(lines, change);
            yield return new(lines.WrittenMemory, Array.ConvertAll(chunk, change => change.Id), new HashSet<string>(), OnlyIfNew: false);
        }
    }

    /// <summary>Writes one change.</summary>
    private static void Write(IBufferWriter<byte> lines, MessageChange change)
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
