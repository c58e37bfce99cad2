namespace Burrow.Access;

/// <summary>What a key allows.</summary>
[Flags]
public enum Permissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>To put messages.</summary>
    Send = 1,

    /// <summary>To claim them, and to finish what was claimed.</summary>
    Receive = 2,

    /// <summary>To look at them.</summary>
    Read = 4,

    /// <summary>To delete them.</summary>
    Delete = 8,

    /// <summary>To have webhooks told of them.</summary>
    Subscribe = 16,

    /// <summary>To make keys and links, and to delete whole queues.</summary>
    Manage = 32,
}
