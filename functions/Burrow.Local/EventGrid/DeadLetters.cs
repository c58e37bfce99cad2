using System.Globalization;
using System.Text.Json;
using Burrow.Tables.Sqlite;

namespace Burrow.Local.EventGrid;

/// <summary>A file for each event that could not be delivered, at the place and in the form of Event Grid's blobs.</summary>
internal sealed class DeadLetters(LocalEvents events)
{
    /// <summary>Writes one event. The folders are the topic, the subscription, and the hour.</summary>
    public async Task WriteAsync(Delivery delivery, byte[] json, string reason, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var hour = now.ToString("yyyy/MM/dd/HH", CultureInfo.InvariantCulture);
        var path = Path.Combine(events.DeadLetters, delivery.Topic, delivery.Subscription.ToUpperInvariant(), hour);
        PrivateFile.CreateFolder(path);
        using var document = JsonDocument.Parse(json);
        // The delivery's key is the file's name: a second write replaces the first. The move makes the file appear whole or not at all,
        // for programs that watch the folder.
        var file = Path.Combine(path, $"{delivery.Key}.json");
        await using (var stream = PrivateFile.Open(file + ".new", FileMode.Create))
        await using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartArray();
            writer.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject())
                member.WriteTo(writer);
            writer.WriteString("deadletterreason", reason);
            writer.WriteNumber("deliveryattempts", delivery.Attempts);
            writer.WriteString("deliveryresult", delivery.Result);
            writer.WriteString("publishutc", Instant(new DateTimeOffset(delivery.Published, TimeSpan.Zero)));
            writer.WriteString("deliveryattemptutc", Instant(now));
            writer.WriteEndObject();
            writer.WriteEndArray();
            await writer.FlushAsync(cancellationToken);
        }

        File.Move(file + ".new", file, overwrite: true);
    }

    private static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
