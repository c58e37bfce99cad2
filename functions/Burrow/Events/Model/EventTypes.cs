namespace Burrow.Events.Model;

/// <summary>The types of events (CloudEvents 1.0, <c>type</c>).</summary>
public static class EventTypes
{
    /// <summary>A put created a message. A put that replaces a message causes no event.</summary>
    public const string MessageCreated = "Burrow.MessageCreated";

    /// <summary>
    /// A message's time to live ended before a client took the message. The event is written when the expired message is removed, up to
    /// some minutes later.
    /// </summary>
    public const string MessageExpired = "Burrow.MessageExpired";

    /// <summary>
    /// A message died: a worker said so, or its deliveries were used up (docs/design/dead.md). The event is written when that is noticed,
    /// up to some minutes later.
    /// </summary>
    public const string MessageDead = "Burrow.MessageDead";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [MessageCreated, MessageExpired, MessageDead];
}
