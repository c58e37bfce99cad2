using Burrow.Queues;
using Microsoft.Extensions.Logging;

namespace Burrow.Events;

/// <summary>
/// Webhooks of tenants: what they ask for is kept in a table, and Event Grid is told. A change is told at once if that goes, and
/// looked after by the timer until it is done; from then on now and then, as Event Grid may have lost it. Every step may be
/// repeated, and two processes may take the same one.
/// </summary>
public sealed partial class Subscriptions
{
    /// <summary>Subscriptions looked after in one run of the timer, in one partition; Event Grid's management takes 10 writes a second.</summary>
    private const int VisitsPerRun = 100;

    /// <summary>How often one is looked after that is as it should be.</summary>
    private static readonly TimeSpan WhenDone = TimeSpan.FromHours(1);

    /// <summary>How soon Event Grid is asked again what becomes of a change.</summary>
    private static readonly TimeSpan WhenUnderWay = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(6);

    private readonly SubscriptionTable table;
    private readonly EventGridManagement management;
    private readonly SecretBox secrets;
    private readonly EventsOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    internal Subscriptions(
        SubscriptionTable table, EventGridManagement management, SecretBox secrets, EventsOptions options, TimeProvider time, ILogger<Subscriptions> logger)
    {
        this.table = table;
        this.management = management;
        this.secrets = secrets;
        this.options = options;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>An account's subscriptions, by name.</summary>
    public async Task<IReadOnlyList<Subscription>> ListAsync(AccountName account, CancellationToken cancellationToken) =>
        [.. (await table.ListAsync(account, cancellationToken)).Select(stored => stored.Subscription)];

    /// <summary>One of them, asking Event Grid how far it is if that isn't settled; null if there is none.</summary>
    public async Task<Subscription?> GetAsync(AccountName account, SubscriptionName name, CancellationToken cancellationToken) =>
        await table.GetAsync(account, name, cancellationToken) is { } stored ? await AdvanceAsync(stored, cancellationToken) : null;

    /// <summary>Asks for one, new or in place of what was asked for before. The same again changes nothing.</summary>
    /// <returns>How it stands, and whether it is new.</returns>
    /// <exception cref="InvalidRequestException">The account has as many as it may.</exception>
    public async Task<(Subscription Subscription, bool Created)> PutAsync(
        AccountName account, SubscriptionName name, SubscriptionSpec spec, CancellationToken cancellationToken)
    {
        while (true)
        {
            var all = await table.ListAsync(account, cancellationToken);
            var old = all.FirstOrDefault(stored => stored.Subscription.Name == name);
            if (old is not null && old.Subscription.State != SubscriptionState.Deleting && LabelOf(old.Subscription.Spec) == LabelOf(spec))
                return (await AdvanceAsync(old, cancellationToken), false);
            if (old is null && all.Count >= options.SubscriptionsPerAccount)
                throw new InvalidRequestException("name", $"An account has at most {options.SubscriptionsPerAccount} subscriptions.");

            // First the visit: should this process die, the timer goes on.
            var subscription = new Subscription(account, name, spec, SubscriptionState.Pending, null, time.GetUtcNow()) { NextVisit = Now };
            await table.ScheduleAsync(subscription, cancellationToken);
            if (await table.WriteAsync(subscription, old, cancellationToken) is { } stored)
                return (await AdvanceAsync(stored, cancellationToken), old is null || old.Subscription.State == SubscriptionState.Deleting);
        }
    }

    /// <summary>Asks for the end of one; null if there is none.</summary>
    public async Task<Subscription?> DeleteAsync(AccountName account, SubscriptionName name, CancellationToken cancellationToken)
    {
        while (await table.GetAsync(account, name, cancellationToken) is { } stored)
        {
            if (stored.Subscription.State != SubscriptionState.Deleting)
            {
                var deleting = stored.Subscription with
                {
                    State = SubscriptionState.Deleting,
                    Reason = null,
                    Changed = time.GetUtcNow(),
                    Failures = 0,
                    Operation = null,
                    NextVisit = Now,
                };
                await table.ScheduleAsync(deleting, cancellationToken);
                if (await table.WriteAsync(deleting, stored, cancellationToken) is not { } written)
                    continue;
                stored = written;
            }

            await AdvanceAsync(stored, cancellationToken);
            return stored.Subscription;
        }

        return null;
    }

    /// <summary>What the timer does: looks after those whose time has come. Bounded; the next run goes on.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        if (!options.IsOn)
            return;
        await Task.WhenAll(Enumerable.Range(0, SubscriptionTable.Partitions).Select(async partition =>
        {
            foreach (var visit in await table.VisitsAsync(partition, VisitsPerRun, cancellationToken))
            {
                if (cancellationToken.IsCancellationRequested || !await VisitAsync(visit, cancellationToken))
                    return;
            }
        }));
    }

    private long Now => time.GetUtcNow().UtcTicks;

    /// <returns>Whether there is any use in going on.</returns>
    private async Task<bool> VisitAsync(Visit visit, CancellationToken cancellationToken)
    {
        try
        {
            if (await table.GetAsync(visit.Account, visit.Name, cancellationToken) is { } stored && stored.Subscription.NextVisit == visit.Instant)
                await StepAsync(stored, isVisit: true, cancellationToken);
            await table.RetireAsync(visit, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is Tables.TableUnavailableException or UnavailableException)
        {
            // Its visit stays, so the next run comes here again.
            Failed(visit.Name.Value, e.Message);
            return false;
        }
    }

    /// <summary>Goes as far as goes at once; a visit is on the way that sees to the rest.</summary>
    private async Task<Subscription> AdvanceAsync(StoredSubscription stored, CancellationToken cancellationToken) =>
        stored.Subscription.State is SubscriptionState.Active or SubscriptionState.Failed
            ? stored.Subscription
            : await StepAsync(stored, isVisit: false, cancellationToken);

    /// <summary>Asks or tells Event Grid one thing, and writes down how it stands then.</summary>
    /// <returns>How it stands; as it stood if it is gone, or somebody else was first.</returns>
    private async Task<Subscription> StepAsync(StoredSubscription stored, bool isVisit, CancellationToken cancellationToken)
    {
        var subscription = stored.Subscription;
        if (subscription.State == SubscriptionState.Deleting)
        {
            var deleted = await management.DeleteAsync(subscription, cancellationToken);
            if (deleted.Outcome is ManagementOutcome.Done or ManagementOutcome.Missing && await table.RemoveAsync(stored, cancellationToken))
                return subscription;
            return await WriteAsync(stored, subscription with { Failures = subscription.Failures + (deleted.Outcome == ManagementOutcome.UnderWay ? 0 : 1) }, deleted, cancellationToken);
        }

        var label = LabelOf(subscription.Spec);
        ManagementAnswer answer;
        if (subscription.State != SubscriptionState.Failed && subscription.Operation is { } operation)
        {
            answer = await management.OperationAsync(operation, cancellationToken);
            // Event Grid forgets operations after a time.
            if (answer.Outcome == ManagementOutcome.Missing)
                answer = await management.GetAsync(subscription, cancellationToken) is var found && (found.Label ?? label) == label ? found : new(ManagementOutcome.Missing);
        }
        else
        {
            answer = subscription.State == SubscriptionState.Active
                ? await management.GetAsync(subscription, cancellationToken) is var found && found.Outcome == ManagementOutcome.Done && found.Label != label
                    ? new(ManagementOutcome.Missing)
                    : found
                : new(ManagementOutcome.Missing);
        }

        // Not told yet, lost by Event Grid, or failed before: told now.
        if (answer.Outcome == ManagementOutcome.Missing && (isVisit || subscription.State == SubscriptionState.Pending))
            answer = await management.PutAsync(subscription, label, cancellationToken);
        return answer.Outcome switch
        {
            ManagementOutcome.Done => await WriteAsync(
                stored, subscription with { State = SubscriptionState.Active, Reason = null, Failures = 0, Operation = null }, answer, cancellationToken),
            ManagementOutcome.Failed => await WriteAsync(
                stored,
                subscription with { State = SubscriptionState.Failed, Reason = answer.Reason, Failures = subscription.Failures + 1, Operation = null },
                answer,
                cancellationToken),
            ManagementOutcome.Later => await WriteAsync(stored, subscription with { Failures = subscription.Failures + 1 }, answer, cancellationToken),
            _ => await WriteAsync(
                stored, subscription with { State = SubscriptionState.Pending, Reason = null, Operation = answer.Operation ?? subscription.Operation }, answer, cancellationToken),
        };
    }

    private async Task<Subscription> WriteAsync(
        StoredSubscription stored, Subscription now, ManagementAnswer answer, CancellationToken cancellationToken)
    {
        var wait = answer.RetryAfter ?? answer.Outcome switch
        {
            ManagementOutcome.Done when now.State == SubscriptionState.Active => WhenDone,
            ManagementOutcome.Done or ManagementOutcome.UnderWay => WhenUnderWay,
            _ => Backoff(now.Failures),
        };
        now = now with { NextVisit = Now + wait.Ticks, Changed = now.State == stored.Subscription.State ? now.Changed : time.GetUtcNow() };
        await table.ScheduleAsync(now, cancellationToken);
        // Who was first has it looked after; nothing is lost by what is not written down.
        return await table.WriteAsync(now, stored, cancellationToken) is null ? stored.Subscription : now;
    }

    private static TimeSpan Backoff(int failures)
    {
        var wait = FirstRetry * Math.Pow(2, Math.Min(failures, 12) - 1);
        return wait < LongestRetry ? wait : LongestRetry;
    }

    /// <summary>Two of what is asked for have the same just if they are the same. Event Grid keeps it, and doesn't tell secrets back.</summary>
    private string LabelOf(SubscriptionSpec spec)
    {
        var text = string.Join('\n', [
            spec.Endpoint.OriginalString,
            spec.Queues.ToString(),
            string.Join(',', spec.Types),
            $"{spec.MaxAttempts} {spec.EventTimeToLive}",
            .. spec.Headers.OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {header.Value}")]);
        return "burrow-" + Base32.Encode(secrets.Mark(text))[..32];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The subscription {Name} could not be looked after, and will be again: {Reason}")]
    private partial void Failed(string name, string reason);
}
