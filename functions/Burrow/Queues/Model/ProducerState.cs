namespace Burrow.Queues;

/// <summary>What a queue knows of a producer.</summary>
/// <param name="Name">The producer's name.</param>
/// <param name="Last">The number of its last message that was stored; null: none was.</param>
/// <param name="Epoch">The highest epoch seen.</param>
/// <param name="Used">When it last changed.</param>
public sealed record ProducerState(ProducerName Name, long? Last, long Epoch, DateTimeOffset Used);
