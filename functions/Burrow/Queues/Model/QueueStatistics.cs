namespace Burrow.Queues;

/// <summary>The statistics of one queue.</summary>
public sealed record QueueStatistics(QueueName Queue, MessageStatistics Statistics);
