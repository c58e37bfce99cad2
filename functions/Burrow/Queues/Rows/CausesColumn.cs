using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>The column of a message's causes: JSON, an array of <c>[ticks, delivery, text]</c> for each.</summary>
internal static class CausesColumn
{
    /// <summary>Quotes and other letters than those of English stay as they are: a claim reads many causes at a time.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<Cause> Read(Columns columns)
    {
        if (columns.GetBytes(MessageColumns.Causes) is not { Length: > 0 } bytes)
            return [];
        using var json = JsonDocument.Parse(bytes);
        return
        [
            .. json.RootElement.EnumerateArray().Select(one => new Cause(
                new DateTimeOffset(one[0].GetInt64(), TimeSpan.Zero), one[1].GetInt64(), one[2].GetString()!)),
        ];
    }

    public static byte[] Write(IReadOnlyList<Cause> causes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartArray();
            foreach (var cause in causes)
            {
                json.WriteStartArray();
                json.WriteNumberValue(cause.At.UtcTicks);
                json.WriteNumberValue(cause.Delivery);
                json.WriteStringValue(cause.Text);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The causes after one more: the last <see cref="QueueLimits.Causes"/>.</summary>
    public static IReadOnlyList<Cause> Add(IReadOnlyList<Cause> causes, Cause one) => [.. causes.TakeLast(QueueLimits.Causes - 1), one];
}
