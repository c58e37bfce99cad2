using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Groups;

/// <summary>One transaction that changes messages.</summary>
/// <param name="Writes">The changes.</param>
/// <param name="Promotions">The messages that are made ready.</param>
/// <param name="More">The operations of these, and those on the rows of groups.</param>
/// <param name="Left">The groups with room left for messages that wait.</param>
internal sealed record PlannedWrites(
    IReadOnlyList<MessageWrite> Writes,
    IReadOnlyList<MessageWrite> Promotions,
    IReadOnlyList<Operation> More,
    IReadOnlyList<GroupName> Left);
