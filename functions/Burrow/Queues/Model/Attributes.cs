using Burrow.Queues.Rows;
namespace Burrow.Queues;

/// <summary>What a put or an update sets, in whole seconds from now; null leaves it as it is, or to the default.</summary>
/// <param name="Ttl">How long the message lives; 0: for ever.</param>
/// <param name="Hide">How long it is hidden; 0: visible.</param>
public readonly record struct Attributes(long? Ttl, long? Hide)
{
    /// <summary>Whether it sets nothing.</summary>
    public bool IsEmpty => Ttl is null && Hide is null;

    /// <summary>Whether an update with these takes messages, which counts as a delivery.</summary>
    internal bool IsClaim => Hide > 0;

    internal static long ExpiresAt(long ttl, long now) => ttl == 0 ? MessageState.Never : now + ttl * TimeSpan.TicksPerSecond;

    internal static long VisibleAt(long hide, long now) => hide == 0 ? 0 : now + hide * TimeSpan.TicksPerSecond;

    /// <summary>The whole seconds until an instant, rounded up; 0 once it has come.</summary>
    internal static long Remaining(long instant, long now) =>
        instant <= now ? 0 : (instant - now + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;

    /// <summary>The state after an update of a queue's messages (<paramref name="delivers"/>) or of one by id.</summary>
    internal MessageState ApplyTo(MessageState state, bool delivers, long now, Random random) => state with
    {
        ExpiresAt = Ttl is { } ttl ? ExpiresAt(ttl, now) : state.ExpiresAt,
        VisibleAt = Hide is { } hide ? VisibleAt(hide, now) : state.VisibleAt,
        Deliveries = state.Deliveries + (delivers && IsClaim ? 1 : 0),
        Revisions = state.Revisions.Next(random),
    };
}
