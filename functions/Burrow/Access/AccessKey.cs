using Burrow.Queues;

namespace Burrow.Access;

/// <summary>What a key allows, as whoever makes it asks.</summary>
/// <param name="Queues">On which queues.</param>
/// <param name="Allow">What.</param>
/// <param name="Expires">Until when; null: until it is revoked.</param>
internal sealed record KeySpec(QueuePattern Queues, Permissions Allow, DateTimeOffset? Expires)
{
    /// <summary>Everything in an account.</summary>
    public static readonly KeySpec Everything = new(QueuePattern.All, Enum.GetValues<Permissions>().Aggregate((all, one) => all | one), null);

    /// <summary>Whether that one allows all that this does; how long they last doesn't count.</summary>
    public bool IsWithin(KeySpec other) =>
        other.Queues.Contains(Queues) && (Allow & ~other.Allow) == Permissions.None;
}

/// <summary>A key of an account, without its secret.</summary>
internal sealed record AccessKey
{
    /// <summary>Whose.</summary>
    public required AccountName Account { get; init; }

    /// <summary>Its name in the account.</summary>
    public required KeyName Name { get; init; }

    /// <summary>What it allows.</summary>
    public required KeySpec Spec { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it was last used, to the hour; null: never, as far as is known.</summary>
    public DateTimeOffset? Used { get; init; }

    public required KeyId Id { get; init; }

    public required byte[] Hash { get; init; }

    /// <summary>The key that it was made with; an operator's key isn't asked for again.</summary>
    public required KeyId ParentKey { get; init; }

    /// <summary>How many keys were made before it, each with the one before.</summary>
    public required int Generation { get; init; }
}
