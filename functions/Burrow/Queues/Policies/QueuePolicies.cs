using Burrow.Queues.Settings;

namespace Burrow.Queues.Policies;

/// <summary>The policies of accounts: how their queues behave. They are heeded as <see cref="QueueSettings"/> says.</summary>
public sealed class QueuePolicies
{
    private readonly QueueSettings settings;

    internal QueuePolicies(QueueSettings settings) => this.settings = settings;

    /// <summary>The policy that holds for a queue, as of 5 s ago at most; <see cref="QueuePolicy.None"/> where there is none.</summary>
    internal async ValueTask<QueuePolicy> OfAsync(QueueAddress queue) => (await settings.OfAsync(queue.Account)).PolicyOf(queue.Queue);

    /// <summary>The policy that holds for a queue, read now; null where there is none.</summary>
    public async Task<QueuePolicy?> InForceAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        (await settings.ReadAsync(queue.Account, cancellationToken)).PolicyOf(queue.Queue) is var policy
        && !ReferenceEquals(policy, QueuePolicy.None) ? policy : null;

    /// <summary>An account's policies for queues within a scope, in the order of their names.</summary>
    public async Task<IReadOnlyList<QueuePolicy>> ListAsync(
        AccountName account, QueuePattern scope, CancellationToken cancellationToken) =>
        [.. (await settings.ReadAsync(account, cancellationToken)).Policies.Where(policy => scope.Contains(policy.Queues))];

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

    private Task ChangeAsync(
        AccountName account, Func<IReadOnlyList<QueuePolicy>, IReadOnlyList<QueuePolicy>?> change, CancellationToken cancellationToken) =>
        settings.ChangeAsync(
            account, all => change(all.Policies) is { } policies ? all with { Policies = policies } : null, cancellationToken);
}
