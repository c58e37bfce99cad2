namespace Burrow.Queues.Claiming;

/// <summary>A claim or take of the first visible messages.</summary>
/// <param name="Limit">The greatest number of messages, at least 1. One request may need several passes.</param>
/// <param name="Memory">The memory for the messages of the answer; null: it is not bounded.</param>
internal sealed record ClaimRequest(int Limit, IAnswerMemory? Memory = null);
