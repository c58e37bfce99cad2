using System.Text.Json;
using Burrow.Tables;

namespace Burrow.Local.EventGrid;

/// <summary>An event on its way to one endpoint.</summary>
/// <param name="Key">Its row's.</param>
/// <param name="Topic">Of the event.</param>
/// <param name="Subscription">The name of whose it is.</param>
/// <param name="Event">The event, as JSON.</param>
/// <param name="Published">When it was taken; UTC ticks.</param>
/// <param name="Attempts">How often it was sent.</param>
/// <param name="Next">When it is sent next; UTC ticks.</param>
/// <param name="Result">What the last attempt came to.</param>
internal sealed record Delivery(
    string Key, string Topic, string Subscription, byte[] Event, long Published, int Attempts, long Next, string? Result)
{
    /// <summary>The event's <c>id</c> and <c>subject</c>.</summary>
    public (string Id, string Subject) Name { get; } = NameOf(Event);

    public Columns ToColumns() => new()
    {
        { "topic", Topic },
        { "subscription", Subscription },
        // A column holds 64 KiB, and an event a little more.
        { "event", Event.Length > Half ? Event[..Half] : Event },
        { "event2", Event.Length > Half ? Event[Half..] : null },
        { "published", Published },
        { "attempts", Attempts },
        { "next", Next },
        { "result", Result },
    };

    public static Delivery From(Row row) => new(
        row.Key,
        row.Columns.GetString("topic")!,
        row.Columns.GetString("subscription")!,
        [.. row.Columns.GetBytes("event"), .. row.Columns.GetBytes("event2")],
        row.Columns.GetInteger("published"),
        (int)row.Columns.GetInteger("attempts"),
        row.Columns.GetInteger("next"),
        row.Columns.GetString("result"));

    private const int Half = TableLimits.ColumnBytes;

    private static (string, string) NameOf(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return (Text("id"), Text("subject"));

        string Text(string name) => document.RootElement.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    }
}
