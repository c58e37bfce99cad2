using Burrow.Queues;

namespace Burrow.Access;

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
