namespace Burrow.Queues.Claiming;

/// <summary>A claim or take of the first visible messages.</summary>
/// <param name="Limit">The greatest number of messages; 1 to <see cref="ClaimGroup.MaxMessages"/>.</param>
/// <param name="Memory">The memory for the messages of the answer; null: it is not bounded.</param>
internal sealed record ClaimRequest(int Limit, IAnswerMemory? Memory = null);
