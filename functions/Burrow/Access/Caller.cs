using Burrow.Queues;

namespace Burrow.Access;

/// <summary>Who asks, and what it may.</summary>
/// <param name="Key">The key that it has, or that its link was made with.</param>
/// <param name="Account">The one account that it is for; null: all.</param>
/// <param name="Spec">What it may there.</param>
internal sealed record Caller(KeyId Key, AccountName? Account, KeySpec Spec)
{
    /// <summary>Where nobody needs a key.</summary>
    public static readonly Caller Anonymous = new(KeyId.Anonymous, null, KeySpec.Everything);

    /// <summary>How many keys came before its own, each made with the one before; -1 of the operator.</summary>
    public int Generation { get; init; } = -1;

    /// <summary>The operator, or everyone where nobody needs a key.</summary>
    public bool IsAdmin => Account is null;

    public static Caller Of(AccessKey key) => new(key.Id, key.Account, key.Spec) { Generation = key.Generation };

    public static Caller Of(AdminKey key) => new(new(key.Id), null, KeySpec.Everything);

    /// <summary>Demands that it is for that account, and says of any other what it would say of one that isn't there.</summary>
    public void RequireAccount(AccountName account, NotFoundException missing)
    {
        if (Account is { } own && own != account)
            throw missing;
    }

    /// <exception cref="ForbiddenException">It isn't for that queue.</exception>
    public void RequireQueue(QueueName queue)
    {
        if (!Spec.Queues.Matches(queue))
            throw new ForbiddenException($"This key is for the queues {Spec.Queues}.");
    }

    public bool May(OperationPolicy need) => IsAdmin || (!need.IsOperatorOnly && (need.Permissions & ~Spec.Allow) == Permissions.None);

    /// <exception cref="ForbiddenException">It may not.</exception>
    public void Require(OperationPolicy need)
    {
        if (!May(need))
            throw Denied(need);
    }

    /// <summary>What is said of an operation that it may not.</summary>
    public ForbiddenException Denied(OperationPolicy need) => new(
        $"This needs {need.Requirement}: {need.Operation}. The key allows {(Spec.Allow == Permissions.None ? "nothing" : string.Join(", ", PermissionNames.Of(Spec.Allow)))}.");

    /// <summary>Whether it may all that this allows; how long doesn't count.</summary>
    public bool Covers(KeySpec spec) => IsAdmin || spec.IsWithin(Spec);

    /// <exception cref="ForbiddenException">What is to be made would be wider, or last longer.</exception>
    public void RequireWithin(KeySpec spec)
    {
        if (!Covers(spec) || (!IsAdmin && spec.Expires > Spec.Expires))
        {
            throw new ForbiddenException(
                $"What is made with a key is no wider than it: this one is for the queues {Spec.Queues}, allows {string.Join(", ", PermissionNames.Of(Spec.Allow))}"
                + (Spec.Expires is { } end ? $" and expires {end:yyyy-MM-dd'T'HH:mm:ss'Z'}." : "."));
        }
    }
}
