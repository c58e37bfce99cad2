namespace Burrow.Queues.Reading;

/// <summary>
/// The messages of one answer, up to a number of messages, up to <see cref="QueueLimits.AnswerBytes"/>, and up to the memory that the
/// process has for it. A caller reserves room before it changes a message, and releases the room if the change fails. So no message is
/// changed that the answer could not show.
/// </summary>
/// <param name="maxMessages">The greatest number of messages.</param>
/// <param name="memory">The memory for the messages; null: it is not bounded.</param>
/// <param name="showsMessages">False: the answer shows only the number of messages, and bytes do not count.</param>
internal sealed class BoundedAnswer(int maxMessages, IAnswerMemory? memory = null, bool showsMessages = true)
{
    /// <summary>How much memory is reserved at a time for small messages.</summary>
    private const long MemoryStep = 64 * 1024;

    private readonly List<Message> messages = [];
    private long bytes;
    private long reserved;

    /// <summary>Whether the messages are in the order in which claims hand them out: those of a higher priority first.</summary>
    public bool IsByTurn { get; init; }

    /// <summary>The number of messages added.</summary>
    public int Count { get; private set; }

    /// <summary>The greatest place in the queue among the messages added.</summary>
    public Sequence Last { get; private set; }

    /// <summary>Whether there was no room for a message.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether the answer takes no more messages.</summary>
    public bool IsFull => IsCut || Count >= maxMessages;

    /// <summary>How many more messages the answer takes.</summary>
    public int Wanted => IsCut ? 0 : maxMessages - Count;

    /// <summary>Reserves room for a message of <paramref name="size"/> bytes. An empty answer always has room for one message.</summary>
    /// <param name="size">Bytes, as <see cref="AnswerSize"/> counts them.</param>
    /// <param name="always">Reserves the room even if the answer is full.</param>
    /// <returns>False if there is no room. Then the answer ends here.</returns>
    public bool TryReserve(long size, bool always = false)
    {
        if (!showsMessages)
            return true;
        always |= bytes == 0;
        if ((!always && bytes + size > QueueLimits.AnswerBytes) || !HasMemory(size, always))
        {
            IsCut = true;
            return false;
        }

        bytes += size;
        return true;
    }

    /// <summary>Gives back the room of a message that was not changed. The memory stays reserved until the answer is made.</summary>
    public void Release(long size)
    {
        if (!showsMessages)
            return;
        bytes -= size;
        IsCut = false;
    }

    private bool HasMemory(long size, bool always)
    {
        if (memory is null || bytes + size <= reserved)
            return true;
        var step = Math.Max(size, MemoryStep);
        if (!memory.TryReserve(step, always: false))
        {
            step = size;
            if (!memory.TryReserve(step, always))
                return false;
        }

        reserved += step;
        return true;
    }

    public void Add(Message message)
    {
        Count++;
        Last = Last < message.Sequence ? message.Sequence : Last;
        if (showsMessages)
            messages.Add(message);
    }

    /// <summary>Returns the answer, in its order. The caller must not add messages afterwards.</summary>
    /// <param name="more">Whether there may be more messages that the answer does not show.</param>
    public MessageList ToList(bool more)
    {
        messages.Sort((a, b) => IsByTurn && a.Priority != b.Priority
            ? b.Priority.CompareTo(a.Priority)
            : a.Sequence.CompareTo(b.Sequence));
        return Count == 0 && !more ? MessageList.Empty : new() { Messages = messages, Count = Count, Last = Last, More = more };
    }
}
