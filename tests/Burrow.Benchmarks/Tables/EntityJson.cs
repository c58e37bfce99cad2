using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Burrow.Tables;

namespace Burrow.Benchmarks.Tables;

/// <summary>Entities as Table storage writes them: OData JSON with minimal metadata.</summary>
internal static class EntityJson
{
    private const string TypeSuffix = "@odata.type";

    /// <summary>The columns of an entity, with its two keys if it has them.</summary>
    public static (string? Partition, string? Key, Columns Columns) Read(ReadOnlyMemory<byte> json)
    {
        var (partition, key, columns) = (default(string), default(string), new Columns(4));
        // A column's type follows it, as the SDK writes them.
        var (name, text) = ("", default(string));
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var next = reader.GetString()!;
            reader.Read();
            switch (next)
            {
                case "PartitionKey":
                    partition = reader.GetString();
                    break;
                case "RowKey":
                    key = reader.GetString();
                    break;
                case var _ when !next.EndsWith(TypeSuffix, StringComparison.Ordinal):
                    columns.Add(name, text);
                    (name, text) = (next, reader.GetString());
                    break;
                case var _ when reader.ValueTextEquals("Edm.Int64"u8):
                    columns.Add(name, long.Parse(text!, CultureInfo.InvariantCulture));
                    text = null;
                    break;
                default:
                    columns.Add(name, Convert.FromBase64String(text!));
                    text = null;
                    break;
            }
        }

        columns.Add(name, text);
        return (partition, key, columns);
    }

    public static byte[] Write(string partition, Row row, IReadOnlyList<string>? select) =>
        Write(json => Write(json, partition, row, select));

    public static byte[] WriteAll(string partition, IReadOnlyList<Row> rows, IReadOnlyList<string>? select) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("value");
        foreach (var row in rows)
            Write(json, partition, row, select);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static byte[] Error(string code, string message) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("odata.error");
        json.WriteString("code", code);
        json.WriteStartObject("message");
        json.WriteString("lang", "en-US");
        json.WriteString("value", message);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>An ETag as Table storage writes them.</summary>
    public static string ETag(string version) => $"W/\"datetime'2026-01-02T03%3A04%3A05.{version}Z'\"";

    public static string VersionOf(string etag) => etag == Operation.Any ? etag : etag[(etag.LastIndexOf('.') + 1)..^3];

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new() { SkipValidation = true }))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string partition, Row row, IReadOnlyList<string>? select)
    {
        json.WriteStartObject();
        json.WriteString("odata.etag", ETag(row.ETag));
        if (select?.Contains("PartitionKey") != false)
            json.WriteString("PartitionKey", partition);
        json.WriteString("RowKey", row.Key);
        if (select is null)
        {
            json.WriteString("Timestamp@odata.type", "Edm.DateTime");
            json.WriteString("Timestamp", "2026-01-02T03:04:05.1234567Z");
        }

        foreach (var (name, value) in row.Columns)
        {
            if (select?.Contains(name) == false)
                continue;
            switch (value)
            {
                case string text:
                    json.WriteString(name, text);
                    break;
                case long number:
                    json.WriteString(name + TypeSuffix, "Edm.Int64");
                    json.WriteString(name, number.ToString(CultureInfo.InvariantCulture));
                    break;
                case byte[] bytes:
                    json.WriteString(name + TypeSuffix, "Edm.Binary");
                    json.WriteBase64String(name, bytes);
                    break;
            }
        }

        json.WriteEndObject();
    }
}
