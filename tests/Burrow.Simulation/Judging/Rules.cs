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

    /// <summary>Whether a request turns one version into the other, within a span, where one of these policies is in force.</summary>
    public static bool Fits(
        Request request, bool delivers, Version before, Version after, Span span, IReadOnlyList<QueuePolicy> policies)
    {
        var (old, next) = (before.State, after.State);
        return request.Kind switch
        {
            RequestKind.Update or RequestKind.UpdateAll => FitsUpdate(request.Attributes, delivers, old, next, span, policies)
                && after.Causes.SequenceEqual(before.Causes),
            RequestKind.Redrive or RequestKind.RedriveAll => policies.Any(policy =>
                    IsSet(next.ExpiresAt, MessageState.Never, request.Attributes.Ttl ?? policy.Ttl ?? 600, span))
                && IsSet(next.VisibleAt, 0, request.Attributes.Hide ?? 0, span)
                && next is { Deliveries: 0, DiedAt: 0, DeadTtl: null, IsDelayed: false }
                && after.Causes.Count == 0,
            _ => FitsOutcome(request.Outcome!, before, after, span, policies),
        };
    }

    /// <summary>The version that the burial of this one makes.</summary>
    public static Version Buried(Version version)
    {
        var state = version.State;
        var dead = Died(state, state.VisibleAt, state.DeadTtl!.Value);
        return new(version.From, hides: false, dead, version.ContentType, version.Body, version.Causes);
    }

    private static MessageState Died(MessageState state, long at, long deadTtl) => state with
    {
        DiedAt = at,
        VisibleAt = 0,
        ExpiresAt = deadTtl == 0 ? MessageState.Never : at + deadTtl * TimeSpan.TicksPerSecond,
        DeadTtl = null,
        IsDelayed = false,
        IsWaiting = false,
    };

    private static bool FitsUpdate(
        Attributes attributes, bool delivers, MessageState old, MessageState next, Span span, IReadOnlyList<QueuePolicy> policies)
    {
        if (old.DeadTtl is { } deadTtl && attributes.Hide == 0)
            return IsDeath(old, next, deadTtl, span);
        var isDelivery = delivers && attributes.Hide > 0;
        var deliveries = old.Deliveries + (isDelivery ? 1 : 0);
        // The hide may be over for the process, or not yet.
        bool[] over = old.VisibleAt <= span.EarliestClock ? [true] : old.VisibleAt > span.LatestClock ? [false] : [true, false];
        bool IsDelayed(bool isOver) => attributes.Hide > 0 && !isDelivery && deliveries > 0 && (old.IsDelayed || isOver);
        return (attributes.Ttl is { } ttl ? IsSet(next.ExpiresAt, MessageState.Never, ttl, span) : next.ExpiresAt == old.ExpiresAt)
            && (attributes.Hide is { } hide ? IsSet(next.VisibleAt, 0, hide, span) : next.VisibleAt == old.VisibleAt)
            && next.Deliveries == deliveries
            && next.DiedAt == 0
            && next.IsWaiting == old.IsWaiting
            && (isDelivery
                ? policies.Any(policy => next.DeadTtl == (policy.MaxDeliveries <= deliveries ? policy.DeadTtl : null))
                : next.DeadTtl == old.DeadTtl)
            && (attributes.Hide is null
                ? next.IsDelayed == old.IsDelayed
                : over.Any(isOver => next.IsDelayed == IsDelayed(isOver)));
    }

    private static bool FitsOutcome(Outcome outcome, Version before, Version after, Span span, IReadOnlyList<QueuePolicy> policies)
    {
        var (old, next) = (before.State, after.State);
        if (outcome.Kind == OutcomeKind.Released)
        {
            return old.VisibleAt > span.EarliestClock
                && next with { Revisions = old.Revisions } == old with
                {
                    VisibleAt = 0,
                    DeadTtl = null,
                    IsDelayed = false,
                    Deliveries = old.Deliveries - (old.Deliveries > 0 && !old.IsDelayed ? 1 : 0),
                }
                && after.Causes.SequenceEqual(before.Causes);
        }

        var causes = before.Causes.Select(cause => (cause.Delivery, cause.Text)).ToList();
        if (outcome.Cause is { } text)
            causes.Add((old.Deliveries, text));
        if (!after.Causes.Select(cause => (cause.Delivery, cause.Text)).SequenceEqual(causes.TakeLast(QueueLimits.Causes)))
            return false;
        var isSame = next with { Revisions = old.Revisions } == old;
        if (old.DiedAt != 0)
            return isSame;
        if (outcome.Kind == OutcomeKind.Dead)
        {
            return old.DeadTtl is { } own
                ? IsDeath(old, next, own, span)
                : policies.Any(policy => IsDeath(old, next, policy.DeadTtl, span));
        }

        if (old.VisibleAt <= span.LatestClock && isSame)
            return true;
        if (old.VisibleAt <= span.EarliestClock)
            return false;
        return old.DeadTtl is { } deadTtl
            ? IsDeath(old, next, deadTtl, span)
            : policies.Any(policy => IsSet(next.VisibleAt, 0, outcome.Hide ?? DelayOf(policy, old.Deliveries), span))
                && next.IsDelayed == (next.VisibleAt > 0 && old.Deliveries > 0)
                && next with { Revisions = old.Revisions, VisibleAt = old.VisibleAt, IsDelayed = old.IsDelayed } == old;
    }

    private static long DelayOf(QueuePolicy policy, long delivery) => policy.RetryDelays.Count == 0 ? 0
        : delivery > policy.RetryDelays.Count ? policy.RetryDelays[^1]
        : policy.RetryDelays[(int)Math.Max(0, delivery - 1)];

    private static bool IsDeath(MessageState old, MessageState next, long deadTtl, Span span) =>
        next.DiedAt >= span.EarliestClock
        && next.DiedAt <= span.LatestClock
        && next with { Revisions = old.Revisions, HoldsGroup = false } == Died(old, next.DiedAt, deadTtl);

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
        if (message.Deliveries != state.Deliveries || message.Inserted.UtcTicks != state.Inserted || message.Priority != state.Priority
            || message.Group != state.Group)
        {
            return "deliveries, inserted, priority or group";
        }

        if ((message.Died?.UtcTicks ?? 0) != state.DiedAt)
            return "the instant of death";
        if (detail == Detail.Full && !message.Causes.SequenceEqual(version.Causes))
            return "the causes";
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
