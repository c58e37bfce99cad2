namespace Burrow.Queues;

/// <summary>The name of a producer of a queue: opaque, case-sensitive text, as <see cref="Name"/> demands, but shorter.</summary>
public readonly record struct ProducerName(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static ProducerName Parse(string value) => new(Name.Parse(value, "producer", ProducerLimits.NameBytes));

    /// <inheritdoc/>
    public override string ToString() => Value;
}
