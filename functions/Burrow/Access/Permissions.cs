namespace Burrow.Access;

/// <summary>What a key allows.</summary>
[Flags]
public enum Permissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>To put messages.</summary>
    Send = 1,

    /// <summary>To claim messages, and to finish claimed ones.</summary>
    Receive = 2,

    /// <summary>To look at messages.</summary>
    Read = 4,

    /// <summary>To delete messages.</summary>
    Delete = 8,

    /// <summary>To have webhooks notified about messages.</summary>
    Subscribe = 16,

    /// <summary>To make keys and links, and to delete whole queues.</summary>
    Manage = 32,

    /// <summary>To put messages that another deployment sends, with the instants that they have there.</summary>
    Relay = 64,
}
