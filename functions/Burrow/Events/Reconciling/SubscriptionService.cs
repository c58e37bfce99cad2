using System.Text.Encodings.Web;
using System.Text.Json;
using Burrow.Events.EventGrid;
using Burrow.Events.Signing;
using Burrow.Events.Subscriptions;
using Burrow.Queues;
using Microsoft.Extensions.Logging;

namespace Burrow.Events.Reconciling;

/// <summary>
/// The webhooks of tenants. It stores what a tenant asks for, and tells Event Grid at once if that works. The timer repeats a step that
/// failed, and checks each subscription from time to time.
/// </summary>
public sealed class SubscriptionService
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SubscriptionTable table;
    private readonly SecretBox secrets;
    private readonly TimeProvider time;
    private readonly SubscriptionReconciler reconciler;

    internal SubscriptionService(
        SubscriptionTable table, EventGridManagement management, SecretBox secrets, TimeProvider time, ILogger<SubscriptionService> logger)
    {
        (this.table, this.secrets, this.time) = (table, secrets, time);
        reconciler = new(table, management, secrets, time, logger);
    }

    /// <summary>An account's subscriptions to queues within <paramref name="scope"/>, by name.</summary>
    public async Task<IReadOnlyList<Subscription>> ListAsync(AccountName account, QueuePattern scope, CancellationToken cancellationToken)
    {
        var all = await table.ListAsync(account, cancellationToken);
        return [.. all.Select(stored => stored.Subscription).Where(one => scope.Contains(one.Spec.Queues))];
    }

    /// <summary>
    /// One subscription; null if there is none. If its state is not settled, the process asks Event Grid, but not before the subscription
    /// is due.
    /// </summary>
    public async Task<Subscription?> GetAsync(
        AccountName account, SubscriptionName name, QueuePattern scope, CancellationToken cancellationToken) =>
        await FindAsync(account, name, scope, cancellationToken) is { } stored
            ? await reconciler.RefreshAsync(stored, cancellationToken)
            : null;

    /// <summary>Asks for a subscription, new or in place of an earlier one. To ask for the same again changes nothing.</summary>
    /// <param name="account">The account.</param>
    /// <param name="name">The subscription's name.</param>
    /// <param name="spec">What the tenant asks for.</param>
    /// <param name="headers">The headers that <see cref="SubscriptionSpec.Headers"/> names, with their values.</param>
    /// <param name="scope">The queues that the caller may subscribe to.</param>
    /// <param name="maxSubscriptions">How many subscriptions the account may have, and how many of them in the caller's scope.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The subscription as it stands, and whether it is new.</returns>
    /// <exception cref="QuotaExceededException">There are already <paramref name="maxSubscriptions"/>.</exception>
    /// <exception cref="ForbiddenException">The subscription is for queues beyond the scope, or would replace one that is.</exception>
    public async Task<(Subscription Subscription, bool Created)> PutAsync(
        AccountName account,
        SubscriptionName name,
        SubscriptionSpec spec,
        IReadOnlyDictionary<string, string> headers,
        QueuePattern scope,
        (long Account, long Key) maxSubscriptions,
        CancellationToken cancellationToken)
    {
        if (!scope.Contains(spec.Queues))
            throw new ForbiddenException($"This key is for the queues {scope}.");
        var label = LabelOf(spec, headers);
        while (true)
        {
            var all = await table.ListAsync(account, cancellationToken);
            var old = all.FirstOrDefault(stored => stored.Subscription.Name == name);
            if (old is not null && old.Subscription.State != SubscriptionState.Deleting && old.Subscription.Label == label)
                return (await reconciler.RefreshAsync(old, cancellationToken), false);
            if (old is not null && !scope.Contains(old.Subscription.Spec.Queues))
                throw new ForbiddenException($"There is a subscription '{name}' to other queues; this key is for the queues {scope}.");
            if (old is null)
                RequireRoom(all, scope, maxSubscriptions);

            var subscription = new Subscription(account, name, spec, SubscriptionState.Pending, null, time.GetUtcNow())
            {
                SealedHeaders = headers.Count == 0 ? [] : secrets.Seal(JsonSerializer.SerializeToUtf8Bytes(headers, Relaxed)),
                Label = label,
                NextVisit = reconciler.ClaimedUntil,
            };
            if (await reconciler.BeginAsync(subscription, old, cancellationToken) is { } stored)
            {
                var isNew = old is null || old.Subscription.State == SubscriptionState.Deleting;
                return (await reconciler.StepAsync(stored, cancellationToken), isNew);
            }
        }
    }

    private static void RequireRoom(IReadOnlyList<StoredSubscription> all, QueuePattern scope, (long Account, long Key) max)
    {
        if (max.Key < max.Account && all.Count(stored => scope.Contains(stored.Subscription.Spec.Queues)) >= max.Key)
            throw new QuotaExceededException($"A key that does not manage its account has at most {max.Key} subscriptions in its scope.");
        if (all.Count >= max.Account)
            throw new QuotaExceededException($"This account may have {max.Account} subscriptions, and has.");
    }

    /// <summary>Asks for the deletion of a subscription.</summary>
    /// <returns>The subscription as it stands; null if there is none.</returns>
    public async Task<Subscription?> DeleteAsync(
        AccountName account, SubscriptionName name, QueuePattern scope, CancellationToken cancellationToken)
    {
        while (await FindAsync(account, name, scope, cancellationToken) is { } stored)
        {
            if (stored.Subscription.State == SubscriptionState.Deleting)
                return await reconciler.RefreshAsync(stored, cancellationToken);
            var deleting = stored.Subscription with
            {
                State = SubscriptionState.Deleting,
                Reason = null,
                Changed = time.GetUtcNow(),
                Failures = 0,
                Operation = null,
                NextVisit = reconciler.ClaimedUntil,
            };
            if (await reconciler.BeginAsync(deleting, stored, cancellationToken) is not { } written)
                continue;
            await table.ChangedAsync();
            await reconciler.StepAsync(written, cancellationToken);
            return deleting;
        }

        return null;
    }

    /// <inheritdoc cref="SubscriptionReconciler.RunAsync"/>
    public Task ReconcileAsync(CancellationToken cancellationToken) => reconciler.RunAsync(cancellationToken);

    private async Task<StoredSubscription?> FindAsync(
        AccountName account, SubscriptionName name, QueuePattern scope, CancellationToken cancellationToken) =>
        await table.GetAsync(account, name, cancellationToken) is { } stored && scope.Contains(stored.Subscription.Spec.Queues)
            ? stored
            : null;

    /// <summary>
    /// A label that is the same for the same request, secrets included. Event Grid keeps it with the event subscription. So the label shows
    /// whether the event subscription is what the tenant asked for.
    /// </summary>
    private string LabelOf(SubscriptionSpec spec, IReadOnlyDictionary<string, string> headers)
    {
        var text = string.Join('\n', [
            spec.Endpoint.OriginalString,
            spec.Queues.ToString(),
            string.Join(',', spec.Types),
            $"{spec.MaxAttempts} {spec.EventTimeToLive}",
            .. headers.OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {header.Value}")]);
        return "burrow-" + Base32.Encode(secrets.Mark(text))[..32];
    }
}
