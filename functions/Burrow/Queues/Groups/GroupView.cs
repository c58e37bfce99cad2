using Burrow.Queues.Rows;

namespace Burrow.Queues.Groups;

/// <summary>What a change needs to know of a group. Others may change it: the ETags of its rows tell.</summary>
/// <param name="Row">The group's row.</param>
/// <param name="Waiting">
/// Its first waiting messages, in their order. Only the rows of the first of them are read, those that may be made ready.
/// </param>
/// <param name="HasMore">Whether more messages wait behind these.</param>
internal sealed record GroupView(GroupRow Row, IReadOnlyList<WaitingMessage> Waiting, bool HasMore);

/// <summary>A message that waits behind others of its group.</summary>
/// <param name="Sequence">Its place in the queue.</param>
/// <param name="ETag">The ETag of its row in the group: as it was when the messages before it were read.</param>
/// <param name="Row">Its row in line, if it was read.</param>
internal sealed record WaitingMessage(Sequence Sequence, string ETag, MessageRow? Row);
