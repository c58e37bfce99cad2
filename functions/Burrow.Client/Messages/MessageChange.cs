namespace Burrow.Client;

/// <summary>A change of one message, for a batch.</summary>
public sealed record MessageChange
{
    private MessageChange()
    {
    }

    internal string Operation { get; private init; } = "";

    internal string Id { get; private init; } = "";

    internal string? Receipt { get; private init; }

    internal TimeSpan? Ttl { get; private init; }

    internal TimeSpan? Hide { get; private init; }

    /// <summary>Sets how long a message lives on, and for how long it is hidden from now on; null: as it is.</summary>
    /// <param name="id">The message.</param>
    /// <param name="ttl">How long it lives; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <param name="hide">For how long it is hidden.</param>
    /// <param name="receipt">The receipt that it must have; null: any.</param>
    public static MessageChange Update(string id, TimeSpan? ttl = null, TimeSpan? hide = null, string? receipt = null) =>
        new() { Operation = "update", Id = Names.Check(id, nameof(id)), Ttl = ttl, Hide = hide, Receipt = receipt };

    /// <summary>Deletes a message, hidden or not.</summary>
    /// <param name="id">The message.</param>
    /// <param name="receipt">The receipt that it must have; null: any.</param>
    public static MessageChange Delete(string id, string? receipt = null) =>
        new() { Operation = "delete", Id = Names.Check(id, nameof(id)), Receipt = receipt };
}
