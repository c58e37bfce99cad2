using System.Text.Json;

namespace Burrow.Client;

/// <summary>How a <see cref="BurrowClient"/> calls the service.</summary>
public class BurrowClientOptions
{
    /// <summary>
    /// The key that is sent with every request; null: none. White space around it is left out. See docs/reference/permissions.md.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>
    /// How often a request is sent again, at most, where that does no harm. It is sent again when the service is busy (429) or
    /// not available (503, or no answer). If it asks for a pause of more than a minute, the call fails at once and tells it
    /// (<see cref="BurrowException.RetryAfter"/>). 0 to 100, 5 if not set.
    /// </summary>
    public int MaxRetries { get; set; } = 5;

    /// <summary>
    /// The pause before the first repeat, if the service names none with <c>Retry-After</c>. It doubles with each repeat, up to 30 s, and
    /// is jittered. 200 ms if not set.
    /// </summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long one attempt may take, from its first byte to the last byte of the answer, besides the time that it asks the service to
    /// wait. 30 s if not set.
    /// </summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one request waits for messages at the service. A longer wait is made of several requests. 20 s if not set, at most 100 s:
    /// the service waits no longer (docs/reference/limits.md), and proxies may wait less.
    /// </summary>
    public TimeSpan PollTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How bodies of typed queues are written, where no <c>JsonTypeInfo</c> is given; null: as .NET does for the web.</summary>
    public JsonSerializerOptions? Json { get; set; }

    /// <summary>The clock of all pauses; null: that of the system.</summary>
    public TimeProvider? Time { get; set; }

    internal void Validate()
    {
        if (Key is not null)
            Call.Check("key", Key.Trim());
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRetries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxRetries, 100);
        ArgumentOutOfRangeException.ThrowIfLessThan(RetryDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(AttemptTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(PollTime, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PollTime, TimeSpan.FromSeconds(100));
    }
}
