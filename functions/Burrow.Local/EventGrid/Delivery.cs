using System.Text.Json;
using Burrow.Tables;

namespace Burrow.Local.EventGrid;

/// <summary>An event on its way to one endpoint.</summary>
/// <param name="Key">The key of its row.</param>
/// <param name="Topic">The event's topic.</param>
/// <param name="Subscription">The name of the event subscription.</param>
/// <param name="Event">The event, as JSON.</param>
/// <param name="Published">When the stand-in took the event; UTC ticks.</param>
/// <param name="Attempts">How often the stand-in has sent it.</param>
/// <param name="Next">When the stand-in sends it next; UTC ticks.</param>
/// <param name="Result">The result of the last attempt, in Event Grid's word; null before the first.</param>
internal sealed record Delivery(
    string Key, string Topic, string Subscription, byte[] Event, long Published, int Attempts, long Next, string? Result)
{
    private const string TopicColumn = "topic";
    private const string SubscriptionColumn = "subscription";
    private const string EventColumn = "event";
    private const string EventRestColumn = "event2";
    private const string PublishedColumn = "published";
    private const string AttemptsColumn = "attempts";
    private const string NextColumn = "next";
    private const string ResultColumn = "result";
    private const int Half = TableLimits.ColumnBytes;

    /// <summary>The event's <c>id</c> and <c>subject</c>.</summary>
    public (string Id, string Subject) Name { get; } = NameOf(Event);

    public Columns ToColumns() => new()
    {
        { TopicColumn, Topic },
        { SubscriptionColumn, Subscription },
        // A column holds 64 KiB, and an event may be a little larger.
        { EventColumn, Event.Length > Half ? Event[..Half] : Event },
        { EventRestColumn, Event.Length > Half ? Event[Half..] : null },
        { PublishedColumn, Published },
        { AttemptsColumn, Attempts },
        { NextColumn, Next },
        { ResultColumn, Result },
    };

    public static Delivery From(Row row) => new(
        row.Key,
        row.Columns.GetString(TopicColumn)!,
        row.Columns.GetString(SubscriptionColumn)!,
        [.. row.Columns.GetBytes(EventColumn), .. row.Columns.GetBytes(EventRestColumn)],
        row.Columns.GetInteger(PublishedColumn),
        (int)row.Columns.GetInteger(AttemptsColumn),
        row.Columns.GetInteger(NextColumn),
        row.Columns.GetString(ResultColumn));

    private static (string, string) NameOf(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return (Text("id"), Text("subject"));

        string Text(string name) => document.RootElement.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    }
}
