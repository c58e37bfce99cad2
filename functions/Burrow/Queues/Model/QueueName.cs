namespace Burrow.Queues;

/// <summary>A queue's name within its account: opaque, case-sensitive text, as <see cref="Name"/> demands.</summary>
public readonly record struct QueueName(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static QueueName Parse(string value) => new(Name.Parse(value, "queue"));

    /// <inheritdoc/>
    public override string ToString() => Value;
}
