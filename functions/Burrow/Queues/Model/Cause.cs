namespace Burrow.Queues;

/// <summary>What a worker reported as the reason of a failure.</summary>
/// <param name="At">When it was reported.</param>
/// <param name="Delivery">The number of the delivery, from 1 on.</param>
/// <param name="Text">The reason: at most <see cref="QueueLimits.CauseBytes"/> bytes of UTF-8.</param>
public sealed record Cause(DateTimeOffset At, long Delivery, string Text)
{
    /// <summary>The reason as text that a cause may have.</summary>
    /// <exception cref="InvalidRequestException">It is longer than a cause may be.</exception>
    public static string ParseText(string text) => System.Text.Encoding.UTF8.GetByteCount(text) <= QueueLimits.CauseBytes
        ? text
        : throw new InvalidRequestException("cause", $"cause has at most {QueueLimits.CauseBytes} bytes of UTF-8.");
}
