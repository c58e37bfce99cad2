namespace Burrow.Events.Subscriptions;

/// <summary>What becomes of a subscription.</summary>
public enum SubscriptionState
{
    /// <summary>Event Grid is being told, or makes its handshake with the endpoint.</summary>
    Pending,

    /// <summary>Event Grid delivers.</summary>
    Active,

    /// <summary>Event Grid refused it, or its handshake failed. Tried again, more and more seldom.</summary>
    Failed,

    /// <summary>Event Grid is being told to forget it.</summary>
    Deleting,
}
