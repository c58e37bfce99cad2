using Burrow.Caching;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Policies;

/// <summary>
/// The policies of accounts: how their queues behave. Every process heeds a change within 5 s, the one that made it at once. Without any
/// policy in the deployment, that costs one read in 3 s.
/// </summary>
public sealed class QueuePolicies
{
    private const int MaxAccounts = 50_000;

    private readonly QueueContext context;
    private readonly PolicyTable table;
    private readonly VersionedCache<AccountName, AccountPolicies> cache;

    internal QueuePolicies(QueueContext context, PolicyTable table)
    {
        (this.context, this.table) = (context, table);
        cache = new(context.Time, MaxAccounts, table.VersionAsync, table.ReadAsync);
    }

    /// <summary>The policy that holds for a queue, as of 5 s ago at most; <see cref="QueuePolicy.None"/> where there is none.</summary>
    internal async ValueTask<QueuePolicy> OfAsync(QueueAddress queue) =>
        await cache.GetAsync(queue.Account, CancellationToken.None) is { } account
            ? QueuePolicy.Of(queue.Queue, account.Policies)
            : QueuePolicy.None;

    /// <summary>The policy that holds for a queue, read now; null where there is none.</summary>
    public async Task<QueuePolicy?> InForceAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        QueuePolicy.Of(queue.Queue, (await table.ReadAsync(queue.Account, cancellationToken)).Policies) is var policy
        && !ReferenceEquals(policy, QueuePolicy.None) ? policy : null;

    /// <summary>An account's policies for queues within a scope, in the order of their names.</summary>
    public async Task<IReadOnlyList<QueuePolicy>> ListAsync(
        AccountName account, QueuePattern scope, CancellationToken cancellationToken) =>
        [.. (await table.ReadAsync(account, cancellationToken)).Policies.Where(policy => scope.Contains(policy.Queues))];

    /// <summary>Makes a policy, or puts it in place of the one of its name.</summary>
    /// <param name="account">The account.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="scope">The queues that the caller may manage.</param>
    /// <param name="max">How many policies the account may have, and how many of them may be within the scope.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>Whether it is new.</returns>
    /// <exception cref="ForbiddenException">The policy is for queues beyond the scope, or would replace one that is.</exception>
    /// <exception cref="ConflictException">Another policy is for the same queues.</exception>
    /// <exception cref="QuotaExceededException">There are too many policies already.</exception>
    public async Task<bool> PutAsync(
        AccountName account,
        QueuePolicy policy,
        QueuePattern scope,
        (long Account, long Key) max,
        CancellationToken cancellationToken)
    {
        if (!scope.Contains(policy.Queues))
            throw new ForbiddenException($"This key is for the queues {scope}.");
        bool? created = null;
        await ChangeAsync(
            account,
            policies =>
            {
                var old = policies.FirstOrDefault(one => one.Name == policy.Name);
                created ??= old is null;
                if (old is not null && !scope.Contains(old.Queues))
                {
                    throw new ForbiddenException(
                        $"There is a policy '{policy.Name}' for other queues; this key is for the queues {scope}.");
                }

                if (policies.FirstOrDefault(one => one.Queues == policy.Queues && one.Name != policy.Name) is { } other)
                    throw new ConflictException($"The policy '{other.Name}' is for the queues {policy.Queues} already.");
                if (old is null)
                    RequireRoom(policies, scope, max);
                return [.. policies.Where(one => one != old), policy];
            },
            cancellationToken);
        return created!.Value;
    }

    private static void RequireRoom(IReadOnlyList<QueuePolicy> policies, QueuePattern scope, (long Account, long Key) max)
    {
        if (max.Key < max.Account && policies.Count(policy => scope.Contains(policy.Queues)) >= max.Key)
            throw new QuotaExceededException($"A key that does not manage its account has at most {max.Key} policies in its scope.");
        if (policies.Count >= max.Account)
            throw new QuotaExceededException($"An account has at most {max.Account} policies.");
    }

    /// <summary>Deletes a policy.</summary>
    /// <returns>The policy as it was; null if there is none of that name for queues within the scope.</returns>
    public async Task<QueuePolicy?> DeleteAsync(
        AccountName account, PolicyName name, QueuePattern scope, CancellationToken cancellationToken)
    {
        QueuePolicy? deleted = null;
        await ChangeAsync(
            account,
            policies =>
            {
                var found = policies.FirstOrDefault(one => one.Name == name && scope.Contains(one.Queues));
                // After an attempt of unknown outcome, a policy that is gone was deleted by this request, or by another one meanwhile.
                deleted ??= found;
                return found is null ? null : [.. policies.Where(one => one != found)];
            },
            cancellationToken);
        return deleted;
    }

    /// <summary>Changes an account's policies. If another request is faster, it reads them and tries again.</summary>
    /// <param name="account">The account.</param>
    /// <param name="change">What they become; null: nothing is left to do.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    private async Task ChangeAsync(
        AccountName account, Func<IReadOnlyList<QueuePolicy>, IReadOnlyList<QueuePolicy>?> change, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var read = await table.ReadAsync(account, cancellationToken);
            if (change(read.Policies) is not { } policies || await table.WriteAsync(account, read.ETag, policies, cancellationToken))
                break;
            await context.BackOffAsync(tries, cancellationToken);
        }

        cache.Forget();
    }
}
