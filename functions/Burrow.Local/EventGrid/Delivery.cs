using Burrow.Tables;

namespace Burrow.Local.EventGrid;

/// <summary>An event on its way to one endpoint, without the event itself.</summary>
/// <param name="Key">Its key. Keys are unique, and sort in the order in which events arrive.</param>
/// <param name="Topic">The event's topic.</param>
/// <param name="Subscription">The name of the event subscription.</param>
/// <param name="Id">The event's <c>id</c>.</param>
/// <param name="Subject">The event's <c>subject</c>.</param>
/// <param name="Bytes">The length of the event.</param>
/// <param name="Published">When the stand-in took the event; UTC ticks.</param>
/// <param name="Attempts">How often the stand-in has sent it.</param>
/// <param name="Next">When the stand-in sends it next; UTC ticks.</param>
/// <param name="Result">The result of the last attempt, in Event Grid's word; null before the first.</param>
internal sealed record Delivery(
    string Key,
    string Topic,
    string Subscription,
    string Id,
    string Subject,
    int Bytes,
    long Published,
    int Attempts,
    long Next,
    string? Result)
{
    private const string KeyColumn = "key";
    private const string TopicColumn = "topic";
    private const string SubscriptionColumn = "subscription";
    private const string IdColumn = "id";
    private const string SubjectColumn = "subject";
    private const string BytesColumn = "bytes";
    private const string PublishedColumn = "published";
    private const string AttemptsColumn = "attempts";
    private const string NextColumn = "next";
    private const string ResultColumn = "result";

    public Columns ToColumns() => new()
    {
        { KeyColumn, Key },
        { TopicColumn, Topic },
        { SubscriptionColumn, Subscription },
        { IdColumn, Id },
        { SubjectColumn, Subject },
        { BytesColumn, Bytes },
        { PublishedColumn, Published },
        { AttemptsColumn, Attempts },
        { NextColumn, Next },
        { ResultColumn, Result },
    };

    public static Delivery From(Row row) => new(
        row.Columns.GetString(KeyColumn)!,
        row.Columns.GetString(TopicColumn)!,
        row.Columns.GetString(SubscriptionColumn)!,
        row.Columns.GetString(IdColumn)!,
        row.Columns.GetString(SubjectColumn)!,
        (int)row.Columns.GetInteger(BytesColumn),
        row.Columns.GetInteger(PublishedColumn),
        (int)row.Columns.GetInteger(AttemptsColumn),
        row.Columns.GetInteger(NextColumn),
        row.Columns.GetString(ResultColumn));
}
