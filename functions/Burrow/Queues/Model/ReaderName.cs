namespace Burrow.Queues;

/// <summary>The name of a reader of a queue: opaque, case-sensitive text, as <see cref="Name"/> demands, but shorter.</summary>
public readonly record struct ReaderName(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static ReaderName Parse(string value) => new(Name.Parse(value, "reader", ReaderLimits.NameBytes));

    /// <inheritdoc/>
    public override string ToString() => Value;
}
