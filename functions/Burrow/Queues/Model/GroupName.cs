namespace Burrow.Queues;

/// <summary>
/// The name of a group of messages: opaque, case-sensitive text, as <see cref="Name"/> demands, but shorter. The messages of a group are
/// handed out in order.
/// </summary>
public readonly record struct GroupName(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static GroupName Parse(string value) => new(Name.Parse(value, "group", GroupLimits.NameBytes));

    /// <inheritdoc/>
    public override string ToString() => Value;
}
