namespace Burrow.Queues.Relays;

/// <summary>How far a relay has come with one queue, and which process works on it (docs/design/relays.md).</summary>
/// <param name="ETag">The ETag of its row as it was read; null: there is no row.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Relay">The relay that it serves.</param>
/// <param name="Incarnation">The incarnation of that relay.</param>
internal sealed record RelayLink(string? ETag, QueueAddress Queue, RelayName Relay, string Incarnation)
{
    /// <summary>Whether every message of the queue that is not sent yet has a row in the outbox.</summary>
    public bool IsPrepared { get; init; }

    /// <summary>Which put of the relay the other side was asked for last; 0: it was never asked.</summary>
    public long Generation { get; init; }

    /// <summary>Why it does not go on; null: it does.</summary>
    public string? Reason { get; init; }

    /// <summary>When it is tried again, UTC ticks; <see cref="long.MaxValue"/>: only after the relay is put again.</summary>
    public long Next { get; init; }

    /// <summary>Which put of the relay was tried last; a later one is tried at once.</summary>
    public long Tried { get; init; }

    /// <summary>How often it failed in a row.</summary>
    public int Failures { get; init; }

    /// <summary>The process that works on it; null: none.</summary>
    public string? Holder { get; init; }

    /// <summary>Until when it does, UTC ticks.</summary>
    public long Until { get; init; }

    /// <summary>The epoch of the process that worked on it last.</summary>
    public long Epoch { get; init; }

    /// <summary>
    /// The epoch by which this side was shut out, as far as it knows; 0: none. To put the relay again allows to pass it.
    /// </summary>
    public long FencedBy { get; init; }

    /// <summary>The last number that the other side is known to have, at least; null: none.</summary>
    public long? Sent { get; init; }

    /// <summary>Whether all that was ever sent was answered for, so that none of it arrives late.</summary>
    public bool IsSettled { get; init; }

    /// <summary>The other side's stamp; null: it has not told.</summary>
    public string? Peer { get; init; }

    /// <summary>The day of its last use, UTC ticks.</summary>
    public long Used { get; init; }

    /// <summary>Whether a message is to be sent there: it has not come through there, nor through too many.</summary>
    /// <param name="origin">Where the message came from; null: it was put here.</param>
    public bool IsForThere(Origin? origin) =>
        origin is null || (!(Peer is { } theirs && origin.Stamps.Contains(theirs)) && origin.Stamps.Count < RelayLimits.Stamps);

    /// <summary>Whether it was so long unused that the other side may soon forget its producer.</summary>
    /// <param name="now">UTC ticks.</param>
    public bool IsForgotten(long now) => Reason is null && Used + RelayLimits.Kept.Ticks < now;
}
