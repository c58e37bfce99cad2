using Burrow.Queues;

namespace Burrow.Access;

/// <summary>A key of an account, without its secret.</summary>
internal sealed record AccessKey
{
    /// <summary>The account that the key belongs to.</summary>
    public required AccountName Account { get; init; }

    /// <summary>The name of the key in its account.</summary>
    public required KeyName Name { get; init; }

    /// <summary>What the key allows.</summary>
    public required KeySpec Spec { get; init; }

    /// <summary>When the key was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When the key was last used, to the hour; null: no use is known.</summary>
    public DateTimeOffset? Used { get; init; }

    public required KeyId Id { get; init; }

    public required byte[] Hash { get; init; }

    /// <summary>The key that this key was made with. If that is an operator's key, it is not checked again.</summary>
    public required KeyId ParentKey { get; init; }

    /// <summary>How many keys were made before this key, each with the one before.</summary>
    public required int Generation { get; init; }
}
