using Microsoft.Extensions.Logging;

namespace Burrow.Client.Workers;

/// <summary>What a worker writes to the log.</summary>
internal sealed partial class WorkerLog(ILogger logger, string queues)
{
    private bool isAway;

    /// <summary>The service does not answer. It is said once, until it answers again.</summary>
    public void Away(BurrowException e)
    {
        if (!isAway)
            LogAway(logger, queues, e.Message);
        isAway = true;
    }

    /// <summary>The service answers.</summary>
    public void Back()
    {
        if (isAway)
            LogBack(logger, queues);
        isAway = false;
    }

    public void Failed(string id, int delivery, Exception e) => LogFailed(logger, id, queues, delivery, e);

    public void Lost(string id) => LogLost(logger, id, queues);

    public void NotSettled(string id, string reason) => LogNotSettled(logger, id, queues, reason);

    public void Broken(string id, Exception e) => LogBroken(logger, id, queues, e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The worker of {Queues} can't claim messages, and tries again: {Reason}")]
    private static partial void LogAway(ILogger logger, string queues, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The worker of {Queues} claims messages again.")]
    private static partial void LogBack(ILogger logger, string queues);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Id} of {Queues} failed at delivery {Delivery}.")]
    private static partial void LogFailed(ILogger logger, string id, string queues, int delivery, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The claim of message {Id} of {Queues} was lost while its handler ran.")]
    private static partial void LogLost(ILogger logger, string id, string queues);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "It could not be said what became of message {Id} of {Queues}; it comes back: {Reason}")]
    private static partial void LogNotSettled(ILogger logger, string id, string queues, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The worker itself failed with message {Id} of {Queues}; it comes back.")]
    private static partial void LogBroken(ILogger logger, string id, string queues, Exception exception);
}
