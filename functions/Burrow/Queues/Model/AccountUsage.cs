namespace Burrow.Queues;

/// <summary>How much an account stores, approximately.</summary>
/// <param name="Messages">Messages stored.</param>
/// <param name="Bytes">Bytes of their bodies.</param>
/// <param name="Queues">Queues that hold a message.</param>
public readonly record struct AccountUsage(long Messages, long Bytes, long Queues);
