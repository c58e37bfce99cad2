using Microsoft.Extensions.Logging;

namespace Burrow.Queues.Rows;

internal static partial class Logs
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "A queue could not be swept, and will be again: {Reason}")]
    public static partial void SweepFailed(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Storage failed in the middle of a change: {Reason}")]
    public static partial void OutcomeUnknown(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Work in the background failed, and will be done again: {Reason}")]
    public static partial void BackgroundFailed(this ILogger logger, string reason);
}
