namespace Burrow.Local.EventGrid;

/// <summary>When Event Grid delivers again ("Event Grid message delivery and retry").</summary>
internal static class RetryLadder
{
    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(6), TimeSpan.FromHours(12),
    ];

    /// <summary>The wait between an attempt and the next. The first attempt is 1.</summary>
    public static TimeSpan After(int attempt) => Waits[Math.Min(attempt, Waits.Length) - 1];

    /// <summary>Whether a response's status says that the endpoint got the event: 200 to 204.</summary>
    public static bool IsDelivered(int status) => status is >= 200 and <= 204;

    /// <summary>Whether a response's status says that another attempt is of no use.</summary>
    public static bool IsFinal(int status) => status is 400 or 401 or 403 or 413;
}
