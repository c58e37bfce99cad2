using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Burrow.Events.EventGrid;
using Burrow.Events.Signing;
using Burrow.Events.Subscriptions;
using Burrow.Queues;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Events.Reconciling;

/// <summary>
/// Webhooks of tenants: what they ask for is kept in a table, and Event Grid is told. A change is told at once if that goes, and
/// looked after by the timer until it is done; from then on now and then, as Event Grid may have lost it. Every step may be
/// repeated, and two processes may take the same one.
/// </summary>
public sealed partial class SubscriptionService
{
    /// <summary>For how long one run of the timer works.</summary>
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(50);

    /// <summary>How often one is looked after that is as it should be.</summary>
    private static readonly TimeSpan ActiveInterval = TimeSpan.FromHours(1);

    /// <summary>How soon Event Grid is asked again what becomes of a change.</summary>
    private static readonly TimeSpan UnderWayInterval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxRetry = TimeSpan.FromHours(6);

    /// <summary>For how long a visit is kept that its subscription doesn't name: it may be about to.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromMinutes(2);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SubscriptionTable table;
    private readonly EventGridManagement management;
    private readonly SecretBox secrets;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    internal SubscriptionService(
        SubscriptionTable table, EventGridManagement management, SecretBox secrets, TimeProvider time, ILogger<SubscriptionService> logger)
    {
        this.table = table;
        this.management = management;
        this.secrets = secrets;
        this.time = time;
        this.logger = logger;
    }

    private long Now => time.GetUtcNow().UtcTicks;

    /// <summary>An account's subscriptions to queues within <paramref name="scope"/>, by name.</summary>
    public async Task<IReadOnlyList<Subscription>> ListAsync(AccountName account, QueuePattern scope, CancellationToken cancellationToken) =>
        [.. (await table.ListAsync(account, cancellationToken)).Select(stored => stored.Subscription).Where(one => scope.Contains(one.Spec.Queues))];

    /// <summary>One of them, asking Event Grid how far it is if that isn't settled and nobody asked just now; null if there is none.</summary>
    public async Task<Subscription?> GetAsync(AccountName account, SubscriptionName name, QueuePattern scope, CancellationToken cancellationToken) =>
        await FindAsync(account, name, scope, cancellationToken) is { } stored ? await RefreshAsync(stored, cancellationToken) : null;

    /// <summary>Asks for one, new or in place of what was asked for before. The same again changes nothing.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="name">Its name.</param>
    /// <param name="spec">What is asked for.</param>
    /// <param name="headers">The headers that <see cref="SubscriptionSpec.Headers"/> names, with their values.</param>
    /// <param name="scope">Which queues whoever asks may subscribe to.</param>
    /// <param name="most">How many the account may have.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How it stands, and whether it is new.</returns>
    /// <exception cref="QuotaExceededException">The account has as many as it may.</exception>
    /// <exception cref="ForbiddenException">It is for queues beyond the scope, or the one that it would replace is.</exception>
    public async Task<(Subscription Subscription, bool Created)> PutAsync(
        AccountName account,
        SubscriptionName name,
        SubscriptionSpec spec,
        IReadOnlyDictionary<string, string> headers,
        QueuePattern scope,
        long most,
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
                return (await RefreshAsync(old, cancellationToken), false);
            if (old is not null && !scope.Contains(old.Subscription.Spec.Queues))
                throw new ForbiddenException($"There is a subscription '{name}' to other queues; this key is for the queues {scope}.");
            if (old is null && all.Count >= most)
                throw new QuotaExceededException($"This account may have {most} subscriptions, and has.");

            var subscription = new Subscription(account, name, spec, SubscriptionState.Pending, null, time.GetUtcNow())
            {
                SealedHeaders = headers.Count == 0 ? [] : secrets.Seal(JsonSerializer.SerializeToUtf8Bytes(headers, Relaxed)),
                Label = label,
                NextVisit = Now + FirstRetry.Ticks,
            };
            if (await BeginAsync(subscription, old, cancellationToken) is { } stored)
                return (await StepAsync(stored, cancellationToken), old is null || old.Subscription.State == SubscriptionState.Deleting);
        }
    }

    /// <summary>Asks for the end of one; null if there is none.</summary>
    public async Task<Subscription?> DeleteAsync(AccountName account, SubscriptionName name, QueuePattern scope, CancellationToken cancellationToken)
    {
        while (await FindAsync(account, name, scope, cancellationToken) is { } stored)
        {
            if (stored.Subscription.State == SubscriptionState.Deleting)
                return await RefreshAsync(stored, cancellationToken);
            var deleting = stored.Subscription with
            {
                State = SubscriptionState.Deleting,
                Reason = null,
                Changed = time.GetUtcNow(),
                Failures = 0,
                Operation = null,
                NextVisit = Now + FirstRetry.Ticks,
            };
            if (await BeginAsync(deleting, stored, cancellationToken) is not { } written)
                continue;
            await table.ChangedAsync();
            await StepAsync(written, cancellationToken);
            return deleting;
        }

        return null;
    }

    /// <summary>What the timer does: looks after those whose time has come, for less than a minute; the next run goes on.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, SubscriptionTable.Partitions).Select(async partition =>
        {
            string? continuation = null;
            do
            {
                (var visits, continuation) = await table.VisitsAsync(partition, continuation, cancellationToken);
                foreach (var visit in visits)
                {
                    if (cancellationToken.IsCancellationRequested || time.GetElapsedTime(begun) > RunTime || !await VisitAsync(visit, cancellationToken))
                        return;
                }
            }
            while (continuation is not null);
        }));
    }

    private async Task<StoredSubscription?> FindAsync(
        AccountName account, SubscriptionName name, QueuePattern scope, CancellationToken cancellationToken) =>
        await table.GetAsync(account, name, cancellationToken) is { } stored && scope.Contains(stored.Subscription.Spec.Queues) ? stored : null;

    /// <returns>Whether there is any use in going on.</returns>
    private async Task<bool> VisitAsync(Visit visit, CancellationToken cancellationToken)
    {
        try
        {
            var reachable = true;
            if (await table.GetAsync(visit.Account, visit.Name, cancellationToken) is { } stored && stored.Subscription.NextVisit == visit.Instant)
                reachable = await ClaimAndStepAsync(stored, cancellationToken) is not { IsUnreachable: true };
            else if (Now < visit.Instant + OrphanAge.Ticks)
                return true;
            await table.RetireAsync(visit, cancellationToken);
            return reachable;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Its visit stays, so the next run comes here again; and it keeps nobody else from his.
            Failed(visit.Name.Value, e.Message);
            return e is not TableUnavailableException;
        }
    }

    /// <summary>Writes what was asked for, and before it that somebody must see to it.</summary>
    private async Task<StoredSubscription?> BeginAsync(Subscription subscription, StoredSubscription? old, CancellationToken cancellationToken)
    {
        await table.ScheduleAsync(subscription, cancellationToken);
        return await table.WriteAsync(subscription, old, cancellationToken);
    }

    /// <summary>Goes on where something isn't settled, and it is time to: however often somebody looks, Event Grid isn't asked more.</summary>
    private async Task<Subscription> RefreshAsync(StoredSubscription stored, CancellationToken cancellationToken) =>
        stored.Subscription.State is SubscriptionState.Active or SubscriptionState.Failed || Now < stored.Subscription.NextVisit
            ? stored.Subscription
            : await ClaimAndStepAsync(stored, cancellationToken);

    /// <summary>Of several who come at once, one goes on: he moves the visit.</summary>
    private async Task<Subscription> ClaimAndStepAsync(StoredSubscription stored, CancellationToken cancellationToken) =>
        await BeginAsync(stored.Subscription with { NextVisit = Now + FirstRetry.Ticks }, stored, cancellationToken) is { } claimed
            ? await StepAsync(claimed, cancellationToken)
            : stored.Subscription;

    /// <summary>Asks or tells Event Grid one thing, and writes down how it stands then.</summary>
    /// <returns>How it stands; as it stood if it is gone, or somebody else was first.</returns>
    private async Task<Subscription> StepAsync(StoredSubscription stored, CancellationToken cancellationToken)
    {
        var subscription = stored.Subscription;
        if (subscription.State == SubscriptionState.Deleting)
        {
            var deleted = await management.DeleteAsync(subscription, cancellationToken);
            if (deleted.Outcome is ManagementOutcome.Done or ManagementOutcome.Missing)
            {
                if (!await table.RemoveAsync(stored, CancellationToken.None))
                    await RepairAsync(subscription);
                return subscription;
            }

            var failures = subscription.Failures + (deleted.Outcome == ManagementOutcome.UnderWay ? 0 : 1);
            return await WriteAsync(stored, subscription with { Failures = failures }, deleted, told: true);
        }

        var answer = new ManagementAnswer(ManagementOutcome.Missing);
        var told = false;
        if (subscription.State == SubscriptionState.Pending && subscription.Operation is { } operation)
            answer = await management.OperationAsync(operation, cancellationToken);
        // It is as it should be, or Event Grid forgot the operation: what is there?
        if (subscription.State == SubscriptionState.Active || (subscription.Operation is not null && answer.Outcome == ManagementOutcome.Missing))
        {
            answer = await management.GetAsync(subscription, cancellationToken);
            if (answer.Outcome == ManagementOutcome.Done && answer.Label != subscription.Label)
                answer = new(ManagementOutcome.Missing);
        }

        // Not told yet, lost by Event Grid, or failed before: told now.
        if (answer.Outcome == ManagementOutcome.Missing)
        {
            try
            {
                answer = await management.PutAsync(subscription, HeadersOf(subscription), cancellationToken);
                told = true;
            }
            catch (CryptographicException)
            {
                answer = new(ManagementOutcome.Failed, "Its headers can't be read any more, as this service's secret is another one. Put it again, with its headers.");
            }
        }

        var now = answer.Outcome switch
        {
            // Nobody hears of one that failed. First that is changed, then it is active.
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
        return await WriteAsync(stored, now, answer, told);
    }

    /// <summary>Writes down what came of a step; whoever asked for it may be gone.</summary>
    private async Task<Subscription> WriteAsync(StoredSubscription stored, Subscription now, ManagementAnswer answer, bool told)
    {
        var wait = answer.RetryAfter ?? answer.Outcome switch
        {
            ManagementOutcome.Done when now.State == SubscriptionState.Active => ActiveInterval,
            ManagementOutcome.Done or ManagementOutcome.UnderWay => UnderWayInterval,
            _ => Backoff(now.Failures),
        };
        now = now with
        {
            NextVisit = Now + wait.Ticks,
            Changed = now.State == stored.Subscription.State ? now.Changed : time.GetUtcNow(),
            IsUnreachable = answer.IsUnreachable,
        };
        // Pending, it was wanted already. Who reads it after this, and before it is active, knows that much; and nobody relies on older.
        if (now.State == SubscriptionState.Active && stored.Subscription.State != SubscriptionState.Active)
            await table.ChangedAsync();
        await table.ScheduleAsync(now, CancellationToken.None);
        if (await table.WriteAsync(now, stored, CancellationToken.None) is not null)
            return now;
        // A plain no is none.
        if (told && (answer.Outcome is ManagementOutcome.Done or ManagementOutcome.UnderWay || answer.IsUnreachable))
            await RepairAsync(now);
        return stored.Subscription;
    }

    /// <summary>Event Grid was told something that somebody else has changed in the meantime; whose word came last there, nobody knows. So it is told again.</summary>
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

        // Deleted and forgotten: should it have been created after that, it is nobody's.
        if (told.State != SubscriptionState.Deleting)
            await management.DeleteAsync(told, CancellationToken.None);
    }

    private Dictionary<string, string> HeadersOf(Subscription subscription) => subscription.SealedHeaders.Length == 0
        ? []
        : JsonSerializer.Deserialize<Dictionary<string, string>>(secrets.Open(subscription.SealedHeaders))!;

    private static TimeSpan Backoff(int failures)
    {
        var wait = FirstRetry * Math.Pow(2, Math.Clamp(failures, 1, 12) - 1);
        return wait < MaxRetry ? wait : MaxRetry;
    }

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The subscription {Name} could not be looked after, and will be again: {Reason}")]
    private partial void Failed(string name, string reason);
}
