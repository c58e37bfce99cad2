using System.Text.Json;
using Burrow.Http.Messages;
using Burrow.Queues;

namespace Burrow.Http.Service;

/// <summary>Writes statistics as answers show them.</summary>
internal static class StatisticsJson
{
    public static void Write(Utf8JsonWriter json, AccountName account, AccountStatistics statistics)
    {
        json.WriteStartObject();
        json.WriteString("account", account.Value);
        json.WriteNumber("queueCount", statistics.Queues);
        Write(json, statistics.Statistics);
        json.WriteStartArray("queues");
        foreach (var queue in statistics.Shown)
            Write(json, queue);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, QueueStatistics statistics, RelayQueue? relay = null)
    {
        json.WriteStartObject();
        json.WriteString("queue", statistics.Queue.Value);
        Write(json, statistics.Statistics);
        if (relay is not null)
        {
            json.WriteStartObject("relay");
            json.WriteString("state", RelayJson.NameOf(relay.Phase));
            json.WriteNumber("messages", relay.Messages);
            json.WriteNumber("seconds", relay.Seconds);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, MessageStatistics statistics)
    {
        var count = statistics.Counts;
        json.WriteNumber("messages", count.Messages - count.Dead);
        json.WriteNumber("visible", statistics.Visible);
        json.WriteNumber("hidden", statistics.Hidden);
        json.WriteNumber("dead", count.Dead);
        json.WriteNumber("bytes", count.Bytes);
        if (statistics.OldestVisibleAge is { } age)
            json.WriteNumber("oldestVisibleAge", Math.Round(age.TotalSeconds, 3));
        else
            json.WriteNull("oldestVisibleAge");
        json.WriteNumber("inserted", count.Inserted);
        json.WriteNumber("claimed", count.Claimed);
        json.WriteNumber("deleted", count.Deleted);
        json.WriteNumber("expired", count.Expired);
        json.WriteStartObject("exactness");
        json.WriteString("counts", "approximate");
        json.WriteString("visible", statistics.HiddenIsExact ? "approximate" : "atMost");
        json.WriteString("hidden", statistics.HiddenIsExact ? "exact" : "atLeast");
        json.WriteString("oldestVisibleAge", statistics.OldestIsExact ? "exact" : "atLeast");
        json.WriteEndObject();
    }
}
