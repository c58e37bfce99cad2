namespace Burrow.Queues;

/// <summary>An account: opaque, case-sensitive text, as <see cref="Name"/> demands.</summary>
public readonly record struct AccountName(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static AccountName Parse(string value) => new(Name.Parse(value, "account"));

    /// <inheritdoc/>
    public override string ToString() => Value;
}
