using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Burrow.Events.EventGrid;
using Burrow.Events.Signing;
using Burrow.Events.Subscriptions;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Events.Reconciling;

/// <summary>
/// Makes Event Grid hold exactly the subscriptions that tenants asked for, step by step. A step asks or tells Event Grid one thing and
/// stores the result. So a process may repeat it, and two processes may take the same step (docs/design/events.md).
/// </summary>
internal sealed partial class SubscriptionReconciler(
    SubscriptionTable table, EventGridManagement management, SecretBox secrets, TimeProvider time, ILogger logger)
{
    /// <summary>For how long one run of the timer works.</summary>
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(50);

    /// <summary>How often the timer checks an active subscription.</summary>
    private static readonly TimeSpan ActiveInterval = TimeSpan.FromHours(1);

    /// <summary>How soon the process asks Event Grid again about a change that is under way.</summary>
    private static readonly TimeSpan UnderWayInterval = TimeSpan.FromSeconds(2);

    /// <summary>How soon the timer visits a subscription that a process has begun to work on: that process may die.</summary>
    private static readonly TimeSpan ClaimTime = TimeSpan.FromMinutes(1);

    /// <summary>How soon the process retries a failed subscription.</summary>
    private static readonly Backoff Retries = new(TimeSpan.FromMinutes(1), TimeSpan.FromHours(6));

    /// <summary>
    /// For how long the timer keeps a visit that its subscription does not name: another process may be about to write the subscription.
    /// </summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromMinutes(2);

    private const int MaxReasonLength = 500;

    /// <summary>When a subscription is due again if a process begins to work on it now, UTC ticks.</summary>
    public long ClaimedUntil => Now + ClaimTime.Ticks;

    private long Now => time.GetUtcNow().UtcTicks;

    /// <summary>
    /// The timer's work: takes steps for the subscriptions that are due, for less than a minute. The next run takes the rest.
    /// </summary>
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

    /// <summary>
    /// Stores what the tenant asks for, with its endpoint's query encrypted. Before that, it stores a visit, so that the timer does the
    /// work if this process dies.
    /// </summary>
    /// <returns>The subscription as stored; null if another request changed it first.</returns>
    public async Task<StoredSubscription?> BeginAsync(
        Subscription subscription, StoredSubscription? old, CancellationToken cancellationToken)
    {
        await table.ScheduleAsync(subscription, cancellationToken);
        return await table.WriteAsync(Seal(subscription), old, cancellationToken);
    }

    /// <summary>
    /// Takes a step if a subscription is not settled, and is due. More requests of a client do not cause more requests to Event Grid.
    /// </summary>
    public async Task<Subscription> RefreshAsync(StoredSubscription stored, CancellationToken cancellationToken) =>
        stored.Subscription.State is SubscriptionState.Active or SubscriptionState.Failed || Now < stored.Subscription.NextVisit
            ? stored.Subscription
            : await ClaimAndStepAsync(stored, cancellationToken);

    /// <summary>Asks or tells Event Grid one thing, and stores the result.</summary>
    /// <returns>
    /// The subscription after the step. If it is gone, or another process changed it first, the subscription before the step.
    /// </returns>
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
            // The visit stays, so the next run repeats it. This run continues with other subscriptions.
            Failed(visit.Name.Value, e.Message);
            return e is not TableUnavailableException;
        }
    }

    /// <summary>If several processes try at the same time, only one takes the step: the one that moves the visit.</summary>
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
        // The process has not told Event Grid yet, or Event Grid lost the subscription, or refused it before: tell it now.
        if (answer.Outcome == ManagementOutcome.Missing)
        {
            try
            {
                answer = await management.PutAsync(Open(subscription), HeadersOf(subscription), cancellationToken);
                isTold = true;
            }
            catch (CryptographicException)
            {
                var what = subscription.SealedHeaders.Length > 0 ? "headers" : "endpoint's query";
                answer = new(
                    ManagementOutcome.Failed,
                    $"Its {what} can't be read any more, as this service's secret is another one. Put it again, with its {what}.");
            }
        }

        return await WriteAsync(stored, Next(subscription, answer with { Reason = ReasonOf(subscription, answer) }), answer, isTold);
    }

    /// <summary>
    /// Asks Event Grid how a subscription stands. The outcome is <see cref="ManagementOutcome.Missing"/> if Event Grid does not hold what
    /// the tenant asked for.
    /// </summary>
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
        // Puts write no events for a failed subscription. So it becomes pending first, and active with the next step.
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

    /// <summary>Stores the result of a step, even if the client that caused it is gone.</summary>
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
        // Puts write events for pending subscriptions too. A process that reads the table after this change, and before the subscription
        // is active, knows it as pending. And no process relies on an older read.
        if (now.State == SubscriptionState.Active && stored.Subscription.State != SubscriptionState.Active)
            await table.ChangedAsync();
        await table.ScheduleAsync(now, CancellationToken.None);
        if (await table.WriteAsync(now, stored, CancellationToken.None) is not null)
            return now;
        // A refusal that Event Grid answered changed nothing there, so it needs no repair.
        if (isTold && (answer.Outcome is ManagementOutcome.Done or ManagementOutcome.UnderWay || answer.IsUnreachable))
            await RepairAsync(now);
        return stored.Subscription;
    }

    /// <summary>
    /// This process told Event Grid something that another request has changed in the meantime. It is unknown which of the two Event Grid
    /// heard last, so the process tells it again.
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

        // The subscription's row is gone. If Event Grid created the event subscription after that, it belongs to no subscription.
        if (told.State != SubscriptionState.Deleting)
            await management.DeleteAsync(told, CancellationToken.None);
    }

    /// <summary>The subscription with its endpoint's query encrypted. An older row may have it as it is, in its reason too.</summary>
    private Subscription Seal(Subscription subscription)
    {
        var endpoint = subscription.Spec.Endpoint;
        return EndpointQuery.Of(endpoint) is null
            ? subscription
            : subscription with
            {
                Spec = subscription.Spec with { Endpoint = EndpointQuery.Masked(endpoint) },
                SealedEndpoint = secrets.Seal(Encoding.UTF8.GetBytes(endpoint.OriginalString)),
                Reason = subscription.Reason is { } reason ? EndpointQuery.MaskIn(reason, endpoint) : null,
            };
    }

    /// <summary>The subscription with its whole endpoint, as only Event Grid is told it.</summary>
    /// <exception cref="CryptographicException">The service's secret is another one now.</exception>
    private Subscription Open(Subscription subscription) => subscription.SealedEndpoint.Length == 0
        ? subscription
        : subscription with
        {
            Spec = subscription.Spec with { Endpoint = new(Encoding.UTF8.GetString(secrets.Open(subscription.SealedEndpoint))) },
        };

    /// <summary>Event Grid's reason as the tenant is told it: it may quote the endpoint.</summary>
    private string? ReasonOf(Subscription subscription, ManagementAnswer answer)
    {
        if (answer.Reason is not { } reason)
            return null;
        try
        {
            subscription = Open(subscription);
        }
        catch (CryptographicException)
        {
            // The secret is another one. What is left is to mask each URL.
        }

        // First mask, then cut: a query that is cut in two would not be found.
        reason = EndpointQuery.MaskIn(reason, subscription.Spec.Endpoint);
        return reason.Length > MaxReasonLength ? reason[..MaxReasonLength] : reason;
    }

    private Dictionary<string, string> HeadersOf(Subscription subscription) => subscription.SealedHeaders.Length == 0
        ? []
        : JsonSerializer.Deserialize<Dictionary<string, string>>(secrets.Open(subscription.SealedHeaders))!;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The subscription {Name} could not be looked after, and will be again: {Reason}")]
    private partial void Failed(string name, string reason);
}
