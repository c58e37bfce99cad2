namespace Burrow.Queues;

/// <summary>Names of accounts or queues.</summary>
/// <param name="Names">The names, in the order of their code points.</param>
/// <param name="More">Whether there are more names. A request with the last name as marker shows them.</param>
public sealed record NameList(IReadOnlyList<string> Names, bool More);
