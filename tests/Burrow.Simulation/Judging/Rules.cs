using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Simulation.Judging;

/// <summary>Small rules of the protocol that several judges share.</summary>
internal static class Rules
{
    /// <summary>
    /// Whether an instant is so many seconds after some moment of a span. With 0 seconds, it must be the value that stands for none.
    /// </summary>
    public static bool IsSet(long instant, long none, long seconds, Span span) => seconds == 0
        ? instant == none
        : instant - seconds * TimeSpan.TicksPerSecond is var now && now >= span.EarliestClock && now <= span.LatestClock;

    /// <summary>Whether an update with these attributes turns one state into the other, within a span.</summary>
    public static bool Fits(Attributes attributes, bool delivers, MessageState before, MessageState after, Span span) =>
        (attributes.Ttl is { } ttl ? IsSet(after.ExpiresAt, MessageState.Never, ttl, span) : after.ExpiresAt == before.ExpiresAt)
        && (attributes.Hide is { } hide ? IsSet(after.VisibleAt, 0, hide, span) : after.VisibleAt == before.VisibleAt)
        && after.Deliveries == before.Deliveries + (delivers && attributes.Hide > 0 ? 1 : 0);

    /// <summary>
    /// Whether a message may show this ttl. 0 means that it lives for ever; one that was live when read shows at least 1 second.
    /// </summary>
    private static bool Lives(long ttl, long expiresAt, Span span) => expiresAt == MessageState.Never
        ? ttl == 0
        : ttl >= 1 && (Remains(ttl, expiresAt, span) || (ttl == 1 && expiresAt <= span.LatestClock));

    /// <summary>Whether, at some moment of a span, so many seconds may remain until an instant.</summary>
    private static bool Remains(long seconds, long instant, Span span) =>
        seconds <= Remaining(instant, span.EarliestClock) && seconds >= Remaining(instant, span.LatestClock);

    /// <summary>Whether a message was shown as a version of it was, at some moment of a span.</summary>
    /// <returns>Null if it was; else what differs.</returns>
    public static string? Difference(Message message, Version version, Detail detail, Span span)
    {
        var state = version.State;
        if (message.Id != state.Id || message.Sequence != state.Sequence || message.Receipt.Value != state.Revisions.Latest)
            return "another revision";
        if (message.Deliveries != state.Deliveries || message.Inserted.UtcTicks != state.Inserted)
            return "deliveries or inserted";
        if (!Remains(message.Hide, state.VisibleAt, span))
            return $"hide {message.Hide}";
        if (!Lives(message.Ttl, state.ExpiresAt, span))
            return $"ttl {message.Ttl}";
        if (detail.ShowsBody ? message.Body is null || !message.Body.AsSpan().SequenceEqual(version.Body) : message.Body is not null)
            return "the body";
        return message.ContentType == version.ContentType || detail is not (Detail.All or Detail.Full) ? null : "the content type";
    }

    private static long Remaining(long instant, long clock) =>
        instant <= clock ? 0 : (instant - clock + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
}
