using Burrow.Queues.Rows;

namespace Burrow.Queues.Putting;

/// <summary>
/// Lets other processes put to the same queue. The process that committed knows the head and could send its next group at once. Another
/// process must read the head first, and would never succeed. So from time to time the next group waits for about two round trips.
/// </summary>
internal sealed class WriterYield(QueueContext context)
{
    /// <summary>How many groups in a row are committed before a pause, without another process and with one.</summary>
    private const int MaxGroups = 32;

    /// <inheritdoc cref="MaxGroups"/>
    private const int MaxGroupsContended = 4;

    private static readonly TimeSpan MaxRoundTrip = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a conflict with another process counts.</summary>
    private static readonly TimeSpan ContentionTime = TimeSpan.FromSeconds(1);

    /// <summary>If storage is faster than this, it is in this process, and there is no other process.</summary>
    private static readonly TimeSpan MinRoundTrip = TimeSpan.FromMilliseconds(1);

    private long? lastConflict;
    private long lastCommit;
    private int groups;

    /// <summary>Records that another process was faster.</summary>
    public void NoteConflict() => lastConflict = context.Time.GetTimestamp();

    /// <summary>Called after a group was committed. Pauses for about two round trips if it is the turn of another process.</summary>
    public async Task AfterCommitAsync(TimeSpan roundTrip)
    {
        // A round trip that includes failures of storage is not a useful measure.
        roundTrip = roundTrip < MaxRoundTrip ? roundTrip : MaxRoundTrip;
        var now = context.Time.GetTimestamp();
        groups = context.Time.GetElapsedTime(lastCommit, now) < 3 * roundTrip ? groups + 1 : 0;
        var isContended = lastConflict is { } last && context.Time.GetElapsedTime(last, now) < ContentionTime;
        if (roundTrip > MinRoundTrip && groups >= (isContended ? MaxGroupsContended : MaxGroups))
        {
            groups = 0;
            await Task.Delay(2 * roundTrip * (0.5 + context.Random.NextDouble()), context.Time);
        }

        lastCommit = context.Time.GetTimestamp();
    }
}
