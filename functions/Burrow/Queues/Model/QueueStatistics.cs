namespace Burrow.Queues;

/// <summary>How a queue stands.</summary>
public sealed record QueueStatistics(QueueName Queue, MessageStatistics Statistics);
