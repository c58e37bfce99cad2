namespace Burrow.Tests.Torture;

/// <summary>What is known of one message.</summary>
internal sealed class LedgerEntry
{
    /// <summary>What the clocks of two processes on one machine may seem to be apart.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMilliseconds(100);

    /// <summary>How often it was created, less how often it was removed, by what was acknowledged.</summary>
    public int Lives;

    /// <summary>Requests to remove it that have no answer.</summary>
    public int Removals;

    /// <summary>The put that has no answer.</summary>
    public PendingPut? Pending;

    /// <summary>Of the body put last.</summary>
    public long Version;

    /// <summary>When its creation was asked for and acknowledged.</summary>
    public long Begun;

    /// <inheritdoc cref="Begun"/>
    public long Answered = long.MaxValue;

    /// <summary>It is there until then at least.</summary>
    public DateTime ExpiresFrom = DateTime.MaxValue;

    /// <summary>It is gone by then.</summary>
    public DateTime ExpiresBy = DateTime.MaxValue;

    /// <returns>How many more removals there must have been than were asked for by its id.</returns>
    public int JudgePresent(string id, long version, DateTime now)
    {
        if (version == Pending?.Version)
        {
            Lives.ShouldBeGreaterThanOrEqualTo(0, $"{id} was removed more often than it was put.");
        }
        else
        {
            version.ShouldBe(Version, $"{id} has a body that was replaced.");
            Lives.ShouldBeGreaterThan(0, $"{id} was removed, and is there.");
            now.ShouldBeLessThan(ExpiresBy, $"{id} has expired, and is there.");
        }

        return Math.Max(0, Lives - 1 - Removals);
    }

    /// <inheritdoc cref="JudgePresent"/>
    public int JudgeAbsent(string id, DateTime now)
    {
        Lives.ShouldBeGreaterThanOrEqualTo(Pending is null ? 0 : -1, $"{id} was removed more often than it was put.");
        return now > ExpiresFrom ? 0 : Math.Max(0, Lives - Removals);
    }

    /// <summary>It is there, with that body, as of now.</summary>
    public void Settle(long version, long clock)
    {
        if (version == Pending?.Version)
        {
            // If it was there before, nobody knows whether that was replaced or removed, and this is at a later place.
            (Begun, Answered) = Lives == 0 ? (version, clock) : (0, clock);
            Expire(Pending);
        }

        (Lives, Removals, Pending, Version) = (1, 0, null, version);
    }

    /// <summary>When what was put expires: its time began between when it was asked for and now.</summary>
    public void Expire(PendingPut put) => (ExpiresFrom, ExpiresBy) = put.Ttl == 0
        ? (DateTime.MaxValue, DateTime.MaxValue)
        : (put.Asked.AddSeconds(put.Ttl) - Skew, DateTime.UtcNow.AddSeconds(put.Ttl) + Skew);
}
