namespace Burrow.Queues;

/// <summary>What a put or an update sets, in whole seconds from now; null leaves it as it is, or to the default.</summary>
/// <param name="Ttl">How long the message lives; 0: for ever.</param>
/// <param name="Hide">How long it is hidden; 0: visible.</param>
public readonly record struct Attributes(long? Ttl, long? Hide)
{
    /// <summary>Whether it sets nothing.</summary>
    public bool IsEmpty => Ttl is null && Hide is null;

    /// <summary>Whether an update with these takes messages, which counts as a delivery.</summary>
    internal bool IsClaim => Hide > 0;
}
