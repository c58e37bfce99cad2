namespace Burrow.Queues;

/// <summary>Which messages a request is about.</summary>
[Flags]
internal enum MessageLife
{
    /// <summary>No message, or one that has expired.</summary>
    None = 0,

    /// <summary>Messages in the queue: visible or hidden.</summary>
    Live = 1,

    /// <summary>Dead messages.</summary>
    Dead = 2,
}
