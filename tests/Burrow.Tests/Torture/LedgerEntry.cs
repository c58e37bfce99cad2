namespace Burrow.Tests.Torture;

/// <summary>What is known about one message.</summary>
internal sealed class LedgerEntry
{
    /// <summary>How far the clocks of two processes on one machine may seem to differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMilliseconds(100);

    /// <summary>How often it was created minus how often it was removed, by the acknowledged requests.</summary>
    public int Lives;

    /// <summary>How many requests to remove it have no response.</summary>
    public int Removals;

    /// <summary>The put that has no response.</summary>
    public PendingPut? Pending;

    /// <summary>The version of the body that was put last.</summary>
    public long Version;

    /// <summary>When its creation was requested and when it was acknowledged.</summary>
    public long Begun;

    /// <inheritdoc cref="Begun"/>
    public long Answered = long.MaxValue;

    /// <summary>The message is there at least until then.</summary>
    public DateTime ExpiresFrom = DateTime.MaxValue;

    /// <summary>The message is gone by then.</summary>
    public DateTime ExpiresBy = DateTime.MaxValue;

    /// <returns>How many removals must have happened beyond those that were requested by its id.</returns>
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

    /// <summary>Notes that the message is there now, with the body of that version.</summary>
    public void Settle(long version, long clock)
    {
        if (version == Pending?.Version)
        {
            // If the message was there before, it is unknown whether it was replaced, or removed and put again at a later place.
            (Begun, Answered) = Lives == 0 ? (version, clock) : (0, clock);
            Expire(Pending);
        }

        (Lives, Removals, Pending, Version) = (1, 0, null, version);
    }

    /// <summary>Sets when the message expires. Its time to live began between the request and now.</summary>
    public void Expire(PendingPut put) => (ExpiresFrom, ExpiresBy) = put.Ttl == 0
        ? (DateTime.MaxValue, DateTime.MaxValue)
        : (put.Asked.AddSeconds(put.Ttl) - Skew, DateTime.UtcNow.AddSeconds(put.Ttl) + Skew);
}
