namespace Burrow.Events.Model;

/// <summary>The types of events (CloudEvents 1.0, <c>type</c>).</summary>
public static class EventTypes
{
    /// <summary>A message was put, new; a replace announces nothing.</summary>
    public const string MessageCreated = "Burrow.MessageCreated";

    /// <summary>A message's time to live ran out before anybody took it. Announced when it is removed, up to some minutes later.</summary>
    public const string MessageExpired = "Burrow.MessageExpired";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [MessageCreated, MessageExpired];
}
