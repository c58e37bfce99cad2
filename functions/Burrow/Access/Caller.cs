using Burrow.Queues;

namespace Burrow.Access;

/// <summary>The caller of a request, and what it may do.</summary>
/// <param name="Key">The key that the caller has, or that its link was made with.</param>
/// <param name="Account">The one account that the caller is for; null: all accounts.</param>
/// <param name="Spec">What the caller may do there.</param>
internal sealed record Caller(KeyId Key, AccountName? Account, KeySpec Spec)
{
    /// <summary>The caller where no key is needed.</summary>
    public static readonly Caller Anonymous = new(KeyId.Anonymous, null, KeySpec.Everything);

    /// <summary>How many keys came before the caller's own, each made with the one before; -1 for the operator.</summary>
    public int Generation { get; init; } = -1;

    /// <summary>Whether this is the operator, or any caller where no key is needed.</summary>
    public bool IsAdmin => Account is null;

    /// <summary>Whether the caller has a link, not a key.</summary>
    public bool HasLink { get; init; }

    /// <summary>The key whose share of the account's limits the caller uses.</summary>
    public KeyId Share { get; init; } = Key;

    /// <summary>Whose limits the caller's requests use; null: the operator's requests cost nothing.</summary>
    /// <remarks>
    /// All keys made with a narrow key, and all its links, use its share. Otherwise its owner could make itself more shares.
    /// </remarks>
    public Payer? Payer => Account is not { } account ? null
        : HasLink && !Spec.IsNarrow ? new(account, $"links of {Share}", IsNarrow: true)
        : new(account, Share.Value, Spec.IsNarrow);

    public static Caller Of(AccessKey key, KeyId share) =>
        new(key.Id, key.Account, key.Spec) { Generation = key.Generation, Share = share };

    public static Caller Of(AdminKey key) => new(new(key.Id), null, KeySpec.Everything);

    /// <summary>
    /// Requires that the caller is for an account. Any other account gives the same error as an account that does not exist.
    /// </summary>
    public void RequireAccount(AccountName account, NotFoundException missing)
    {
        if (Account is { } own && own != account)
            throw missing;
    }

    /// <exception cref="ForbiddenException">The caller is not for that queue.</exception>
    public void RequireQueue(QueueName queue)
    {
        if (!Spec.Queues.Matches(queue))
            throw new ForbiddenException($"This key is for the queues {Spec.Queues}.");
    }

    public bool May(OperationPolicy need) => IsAdmin || (!need.IsOperatorOnly && (need.IsAnyEnough
        ? (need.Permissions & Spec.Allow) != Permissions.None
        : (need.Permissions & ~Spec.Allow) == Permissions.None));

    /// <exception cref="ForbiddenException">The caller may not do the operation.</exception>
    public void Require(OperationPolicy need)
    {
        if (!May(need))
            throw Denied(need);
    }

    /// <summary>The error for an operation that the caller may not do.</summary>
    public ForbiddenException Denied(OperationPolicy policy)
    {
        var allowed = Spec.Allow == Permissions.None ? "nothing" : string.Join(", ", PermissionNames.Of(Spec.Allow));
        return new($"This needs {policy.Requirement}: {policy.Operation}. The key allows {allowed}.");
    }

    /// <summary>Whether the caller may do all that the spec allows. The expiry does not count.</summary>
    public bool Covers(KeySpec spec) => IsAdmin || spec.IsWithin(Spec);

    /// <exception cref="ForbiddenException">A key or link of this spec would be wider than the caller's own, or last longer.</exception>
    public void RequireWithin(KeySpec spec)
    {
        if (!Covers(spec) || (!IsAdmin && spec.Expires > Spec.Expires))
        {
            throw new ForbiddenException(
                $"What is made with a key is no wider than it: this one is for the queues {Spec.Queues}, "
                + $"allows {string.Join(", ", PermissionNames.Of(Spec.Allow))}"
                + (Spec.Expires is { } end ? $" and expires {end:yyyy-MM-dd'T'HH:mm:ss'Z'}." : "."));
        }
    }
}
