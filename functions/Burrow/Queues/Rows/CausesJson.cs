using System.Text.Json;

namespace Burrow.Queues.Rows;

/// <summary>Causes as answers, events and batches show them.</summary>
internal static class CausesJson
{
    /// <summary>Writes the member <c>causes</c>: an array of objects with <c>at</c>, <c>delivery</c> and <c>cause</c>.</summary>
    /// <param name="json">The object that gets the member.</param>
    /// <param name="causes">The causes, oldest first.</param>
    /// <param name="instantOf">An instant as text, as exact as the reader needs it.</param>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<Cause> causes, Func<DateTimeOffset, string> instantOf)
    {
        json.WriteStartArray("causes");
        foreach (var cause in causes)
        {
            json.WriteStartObject();
            json.WriteString("at", instantOf(cause.At));
            json.WriteNumber("delivery", cause.Delivery);
            json.WriteString("cause", cause.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
