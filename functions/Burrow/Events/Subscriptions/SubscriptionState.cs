namespace Burrow.Events.Subscriptions;

/// <summary>How far a subscription has proceeded.</summary>
public enum SubscriptionState
{
    /// <summary>The process tells Event Grid, or Event Grid makes its handshake with the endpoint.</summary>
    Pending,

    /// <summary>Event Grid delivers events.</summary>
    Active,

    /// <summary>Event Grid refused it, or its handshake failed. The process retries it, with longer and longer waits.</summary>
    Failed,

    /// <summary>The process tells Event Grid to remove it.</summary>
    Deleting,
}
