namespace Burrow.Client;

/// <summary>Spans of time as the protocol has them: whole seconds.</summary>
internal static class Seconds
{
    /// <summary>A span in whole seconds, rounded up, so that nothing ends too early.</summary>
    public static long Of(TimeSpan span) => (long)Math.Ceiling(span.TotalSeconds);

    /// <summary>How long a message lives: for ever is 0 in the protocol.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is 0 or less, and not <see cref="Timeout.InfiniteTimeSpan"/>.</exception>
    public static long? OfTtl(TimeSpan? ttl, string parameter)
    {
        if (ttl is not { } span)
            return null;
        if (span == Timeout.InfiniteTimeSpan)
            return 0;
        return span > TimeSpan.Zero
            ? Of(span)
            : throw new ArgumentOutOfRangeException(
                parameter, span, "A time to live is above 0, or Timeout.InfiniteTimeSpan for a message that lives for ever.");
    }

    /// <summary>How long a message is hidden.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is less than 0.</exception>
    public static long? OfHide(TimeSpan? hide, string parameter) => hide switch
    {
        null => null,
        { Ticks: < 0 } span => throw new ArgumentOutOfRangeException(parameter, span, "A time to hide is 0 or more."),
        { } span => Of(span),
    };

    /// <summary>How long to wait.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is less than 0, and not <see cref="Timeout.InfiniteTimeSpan"/>.</exception>
    public static TimeSpan OfWait(TimeSpan wait, string parameter)
    {
        if (wait == Timeout.InfiniteTimeSpan)
            return TimeSpan.MaxValue;
        return wait >= TimeSpan.Zero
            ? wait
            : throw new ArgumentOutOfRangeException(parameter, wait, "A wait is 0 or more, or Timeout.InfiniteTimeSpan.");
    }
}
