namespace Burrow.Queues.Claiming;

/// <summary>What claims and takes must have in common to be served together.</summary>
/// <param name="Attributes">What a claim sets.</param>
/// <param name="Remove">A take: the messages are deleted.</param>
/// <param name="Detail">What is shown of them.</param>
internal readonly record struct ClaimKind(Attributes Attributes, bool Remove, Detail Detail);
