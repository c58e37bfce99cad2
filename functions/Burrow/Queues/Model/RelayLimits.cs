namespace Burrow.Queues;

/// <summary>The bounds of relays.</summary>
public static class RelayLimits
{
    /// <summary>Relays of an account.</summary>
    public const int Relays = 20;

    /// <summary>The <see cref="Relay.MaxOutbox"/> of a relay that sets none.</summary>
    public const long MaxOutbox = 1_000_000;

    /// <summary>The greatest <see cref="Relay.MaxOutbox"/>.</summary>
    public const long GreatestMaxOutbox = 1_000_000_000;

    /// <summary>Bytes of UTF-8 of a key for the other side.</summary>
    public const int KeyBytes = 1024;

    /// <summary>Messages in one batch to the other side, and rows in one read of the outbox.</summary>
    public const int BatchMessages = 250;

    /// <summary>Bytes of bodies in one batch, unless a single message has more.</summary>
    public const int BatchBytes = 2 * 1024 * 1024;

    /// <summary>Batches of one queue that are under way at a time.</summary>
    public const int BatchesUnderWay = 4;

    /// <summary>Messages, queues or links that are read at a time.</summary>
    internal const int Looks = 16;

    /// <summary>Stamps that a message has come through at most. One that came through more is not relayed on.</summary>
    public const int Stamps = 8;

    /// <summary>The stamp of a deployment: letters, digits and hyphens of ASCII, so many at most.</summary>
    public const int StampLength = 32;

    /// <summary>For how long a process has a link for itself, unless it renews that.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);

    /// <summary>Epochs that one link has for itself. It takes a new one for each lease, and a mirror for each batch of changes.</summary>
    internal const long EpochsOfLink = 1_000_000_000_000;

    /// <summary>How long a link without a message is kept: less than the other side remembers a producer.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(25);

    /// <summary>For how long a dead message is hidden that a mirror puts. It dies there by the next batch.</summary>
    public static readonly TimeSpan DeadHide = TimeSpan.FromDays(3650);

    /// <summary>How long to wait before what was refused for good is tried again.</summary>
    public static readonly TimeSpan RefusedPause = TimeSpan.FromMinutes(5);

    /// <summary>The longest pause that the other side may ask for.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
}
