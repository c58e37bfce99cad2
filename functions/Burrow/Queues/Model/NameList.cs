namespace Burrow.Queues;

/// <summary>Names of accounts or queues.</summary>
/// <param name="Names">In order of their code points.</param>
/// <param name="More">There are more, which a request with the last name as marker shows.</param>
public sealed record NameList(IReadOnlyList<string> Names, bool More);
