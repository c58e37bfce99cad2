using Burrow.Queues.Groups;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Putting;

/// <summary>A message that is stored under the id of a put, live or expired.</summary>
/// <param name="State">Its state.</param>
/// <param name="ETag">The ETag of its row by id.</param>
/// <param name="ReadAt">The time before the message was read, UTC ticks.</param>
internal sealed record ExistingMessage(MessageState State, string ETag, long ReadAt)
{
    /// <summary>The group of a message that is dead, so that a put brings it back; else null.</summary>
    public GroupView? Group { get; init; }

    /// <summary>The message's row in line, if it was read.</summary>
    public MessageRow? Row { get; init; }
}
