namespace Burrow.Queues;

/// <summary>A message's id, unique in its queue: opaque, case-sensitive text, as <see cref="Name"/> demands.</summary>
public readonly record struct MessageId(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static MessageId Parse(string value) => new(Name.Parse(value, "id"));

    /// <summary>A new id: 26 characters of <c>a-z2-7</c>, 128 random bits.</summary>
    public static MessageId New(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new(Base32.Encode(bytes));
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
