namespace Burrow.Queues;

/// <summary>Which of its producer's messages a put is (docs/reference/api.md, "Producers").</summary>
/// <param name="Producer">The producer, in the queue.</param>
/// <param name="Number">The number of the message, 0 to 2⁶³−1. The numbers of a producer grow.</param>
/// <param name="Epoch">The producer's epoch. Puts of an epoch that is lower than the highest one seen are refused.</param>
/// <param name="Previous">The number of the message before it, which must be stored first; null: any may be missing.</param>
public sealed record ProducerNumber(ProducerName Producer, long Number, long Epoch, long? Previous);
