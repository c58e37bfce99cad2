namespace Burrow.Tests.Support;

/// <summary>A clock that moves only when code waits. A timer fires at once, and the clock jumps by the timer's due time.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private long ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(Interlocked.Read(ref ticks));

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public void Advance(TimeSpan time) => Interlocked.Add(ref ticks, time.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Jump(this, callback, state, dueTime);

    private sealed class Jump : ITimer
    {
        private readonly Timer timer;
        private readonly TimeSpan dueTime;
        private int fired;

        public Jump(JumpingTime time, TimerCallback callback, object? state, TimeSpan dueTime)
        {
            this.dueTime = dueTime;
            timer = new Timer(_ =>
            {
                if (Interlocked.Exchange(ref fired, 1) == 1)
                    return;
                time.Advance(this.dueTime);
                callback(state);
            });
            if (dueTime >= TimeSpan.Zero)
                timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) =>
            timer.Change(dueTime < TimeSpan.Zero ? dueTime : TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
