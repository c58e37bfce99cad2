namespace Burrow.Queues;

/// <summary>
/// What a put or an update sets, in whole seconds from now. If a value is null, an update leaves it as it is, and a put uses the default.
/// </summary>
/// <param name="Ttl">How long the message lives; 0: for ever.</param>
/// <param name="Hide">How long it is hidden; 0: visible.</param>
public readonly record struct Attributes(long? Ttl, long? Hide)
{
    /// <summary>Whether both are null.</summary>
    public bool IsEmpty => Ttl is null && Hide is null;

    /// <summary>Whether an update with these attributes claims messages, which counts as a delivery.</summary>
    internal bool IsClaim => Hide > 0;
}
