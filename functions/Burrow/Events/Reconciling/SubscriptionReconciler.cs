using System.Security.Cryptography;
using System.Text.Json;
using Burrow.Events.EventGrid;
using Burrow.Events.Signing;
using Burrow.Events.Subscriptions;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Events.Reconciling;

/// <summary>
/// Makes Event Grid hold just the subscriptions that tenants asked for, step by step. A step asks or tells Event Grid one thing and stores
/// the result, so it may be repeated, and two processes may take the same one (docs/design/events.md).
/// </summary>
internal sealed partial class SubscriptionReconciler(
    SubscriptionTable table, EventGridManagement management, SecretBox secrets, TimeProvider time, ILogger logger)
{
    /// <summary>For how long one run of the timer works.</summary>
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(50);

    /// <summary>How often an active subscription is checked.</summary>
    private static readonly TimeSpan ActiveInterval = TimeSpan.FromHours(1);

    /// <summary>How soon Event Grid is asked again about a change that is under way.</summary>
    private static readonly TimeSpan UnderWayInterval = TimeSpan.FromSeconds(2);

    /// <summary>How soon a subscription is visited again that a process is about to work on: it may die.</summary>
    private static readonly TimeSpan ClaimTime = TimeSpan.FromMinutes(1);

    /// <summary>How soon a failed subscription is tried again.</summary>
    private static readonly Backoff Retries = new(TimeSpan.FromMinutes(1), TimeSpan.FromHours(6));

    /// <summary>For how long a visit is kept that its subscription does not name: the subscription may be about to be written.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromMinutes(2);

    /// <summary>When a subscription is due that a process begins to work on now, UTC ticks.</summary>
    public long ClaimedUntil => Now + ClaimTime.Ticks;

    private long Now => time.GetUtcNow().UtcTicks;

    /// <summary>The timer's work: steps for those subscriptions that are due, for less than a minute. The next run goes on.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, SubscriptionTable.Partitions).Select(async partition =>
        {
            await foreach (var visit in table.VisitsAsync(partition, cancellationToken))
            {
                if (cancellationToken.IsCancellationRequested
                    || time.GetElapsedTime(begun) > RunTime
                    || !await VisitAsync(visit, cancellationToken))
                {
                    return;
                }
            }
        }));
    }

    /// <summary>Stores what is asked for, and before it a visit that sees to it.</summary>
    /// <returns>Null if another request was first.</returns>
    public async Task<StoredSubscription?> BeginAsync(
        Subscription subscription, StoredSubscription? old, CancellationToken cancellationToken)
    {
        await table.ScheduleAsync(subscription, cancellationToken);
        return await table.WriteAsync(subscription, old, cancellationToken);
    }

    /// <summary>Takes a step where a subscription is not settled and due. However often a client looks, Event Grid is not asked more often.</summary>
    public async Task<Subscription> RefreshAsync(StoredSubscription stored, CancellationToken cancellationToken) =>
        stored.Subscription.State is SubscriptionState.Active or SubscriptionState.Failed || Now < stored.Subscription.NextVisit
            ? stored.Subscription
            : await ClaimAndStepAsync(stored, cancellationToken);

    /// <summary>Asks or tells Event Grid one thing, and stores the result.</summary>
    /// <returns>The subscription as it is then; as it was if it is gone or another process was first.</returns>
    public Task<Subscription> StepAsync(StoredSubscription stored, CancellationToken cancellationToken) =>
        stored.Subscription.State == SubscriptionState.Deleting
            ? DeleteAsync(stored, cancellationToken)
            : AdvanceAsync(stored, cancellationToken);

    /// <returns>Whether it makes sense to visit more.</returns>
    private async Task<bool> VisitAsync(Visit visit, CancellationToken cancellationToken)
    {
        try
        {
            var isReachable = true;
            if (await table.GetAsync(visit.Account, visit.Name, cancellationToken) is { } stored
                && stored.Subscription.NextVisit == visit.Instant)
            {
                isReachable = await ClaimAndStepAsync(stored, cancellationToken) is not { IsUnreachable: true };
            }
            else if (Now < visit.Instant + OrphanAge.Ticks)
            {
                return true;
            }

            await table.RetireAsync(visit, cancellationToken);
            return isReachable;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The visit stays, so the next run repeats it. Other subscriptions go on.
            Failed(visit.Name.Value, e.Message);
            return e is not TableUnavailableException;
        }
    }

    /// <summary>Of several processes that come at once, one goes on: the one that moves the visit.</summary>
    private async Task<Subscription> ClaimAndStepAsync(StoredSubscription stored, CancellationToken cancellationToken) =>
        await BeginAsync(stored.Subscription with { NextVisit = ClaimedUntil }, stored, cancellationToken) is { } claimed
            ? await StepAsync(claimed, cancellationToken)
            : stored.Subscription;

    private async Task<Subscription> DeleteAsync(StoredSubscription stored, CancellationToken cancellationToken)
    {
        var subscription = stored.Subscription;
        var answer = await management.DeleteAsync(subscription, cancellationToken);
        if (answer.Outcome is ManagementOutcome.Done or ManagementOutcome.Missing)
        {
            if (!await table.RemoveAsync(stored, CancellationToken.None))
                await RepairAsync(subscription);
            return subscription;
        }

        var failures = subscription.Failures + (answer.Outcome == ManagementOutcome.UnderWay ? 0 : 1);
        return await WriteAsync(stored, subscription with { Failures = failures }, answer, isTold: true);
    }

    private async Task<Subscription> AdvanceAsync(StoredSubscription stored, CancellationToken cancellationToken)
    {
        var subscription = stored.Subscription;
        var answer = await AskAsync(subscription, cancellationToken);
        var isTold = false;
        // Event Grid was not told yet, lost the subscription, or refused it before: tell it now.
        if (answer.Outcome == ManagementOutcome.Missing)
        {
            try
            {
                answer = await management.PutAsync(subscription, HeadersOf(subscription), cancellationToken);
                isTold = true;
            }
            catch (CryptographicException)
            {
                answer = new(
                    ManagementOutcome.Failed,
                    "Its headers can't be read any more, as this service's secret is another one. Put it again, with its headers.");
            }
        }

        return await WriteAsync(stored, Next(subscription, answer), answer, isTold);
    }

    /// <summary>Asks Event Grid how a subscription stands. Missing: it does not hold what was asked for.</summary>
    private async Task<ManagementAnswer> AskAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var answer = new ManagementAnswer(ManagementOutcome.Missing);
        if (subscription.State == SubscriptionState.Pending && subscription.Operation is { } operation)
            answer = await management.OperationAsync(operation, cancellationToken);
        // Active, or Event Grid forgot the operation: look at the event subscription itself.
        if (subscription.State == SubscriptionState.Active
            || (subscription.Operation is not null && answer.Outcome == ManagementOutcome.Missing))
        {
            answer = await management.GetAsync(subscription, cancellationToken);
            if (answer.Outcome == ManagementOutcome.Done && answer.Label != subscription.Label)
                answer = new(ManagementOutcome.Missing);
        }

        return answer;
    }

    private static Subscription Next(Subscription subscription, ManagementAnswer answer) => answer.Outcome switch
    {
        // No events are written for a failed subscription. So it is pending first, and active with the next step.
        ManagementOutcome.Done when subscription.State == SubscriptionState.Failed =>
            subscription with { State = SubscriptionState.Pending, Reason = null, Failures = 0, Operation = null },
        ManagementOutcome.Done => subscription with { State = SubscriptionState.Active, Reason = null, Failures = 0, Operation = null },
        ManagementOutcome.Failed => subscription with
        {
            State = SubscriptionState.Failed,
            Reason = answer.Reason,
            Failures = subscription.Failures + 1,
            Operation = null,
        },
        ManagementOutcome.Later => subscription with { Failures = subscription.Failures + 1 },
        _ => subscription with { State = SubscriptionState.Pending, Reason = null, Operation = answer.Operation ?? subscription.Operation },
    };

    /// <summary>Stores the result of a step, also where the client that asked for it is gone.</summary>
    private async Task<Subscription> WriteAsync(StoredSubscription stored, Subscription now, ManagementAnswer answer, bool isTold)
    {
        var wait = answer.RetryAfter ?? answer.Outcome switch
        {
            ManagementOutcome.Done when now.State == SubscriptionState.Active => ActiveInterval,
            ManagementOutcome.Done or ManagementOutcome.UnderWay => UnderWayInterval,
            _ => Retries.Delay(now.Failures - 1),
        };
        now = now with
        {
            NextVisit = Now + wait.Ticks,
            Changed = now.State == stored.Subscription.State ? now.Changed : time.GetUtcNow(),
            IsUnreachable = answer.IsUnreachable,
        };
        // Events are written for pending subscriptions already. Processes that read the table after this, and before the subscription is
        // active, know it as pending; and no process relies on an older read.
        if (now.State == SubscriptionState.Active && stored.Subscription.State != SubscriptionState.Active)
            await table.ChangedAsync();
        await table.ScheduleAsync(now, CancellationToken.None);
        if (await table.WriteAsync(now, stored, CancellationToken.None) is not null)
            return now;
        // A plain refusal changed nothing in Event Grid.
        if (isTold && (answer.Outcome is ManagementOutcome.Done or ManagementOutcome.UnderWay || answer.IsUnreachable))
            await RepairAsync(now);
        return stored.Subscription;
    }

    /// <summary>
    /// Event Grid was told something that another request has changed meanwhile. Which of the two Event Grid heard last is unknown, so it
    /// is told again.
    /// </summary>
    private async Task RepairAsync(Subscription told)
    {
        while (await table.GetAsync(told.Account, told.Name, CancellationToken.None) is { } stored)
        {
            var again = stored.Subscription with
            {
                State = stored.Subscription.State == SubscriptionState.Deleting ? SubscriptionState.Deleting : SubscriptionState.Pending,
                Operation = null,
                NextVisit = Now + UnderWayInterval.Ticks,
            };
            if (await BeginAsync(again, stored, CancellationToken.None) is not null)
                return;
        }

        // Deleted and forgotten: if Event Grid created it after that, it belongs to no subscription.
        if (told.State != SubscriptionState.Deleting)
            await management.DeleteAsync(told, CancellationToken.None);
    }

    private Dictionary<string, string> HeadersOf(Subscription subscription) => subscription.SealedHeaders.Length == 0
        ? []
        : JsonSerializer.Deserialize<Dictionary<string, string>>(secrets.Open(subscription.SealedHeaders))!;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The subscription {Name} could not be looked after, and will be again: {Reason}")]
    private partial void Failed(string name, string reason);
}
