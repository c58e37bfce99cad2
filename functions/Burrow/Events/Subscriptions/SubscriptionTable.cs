using System.Globalization;
using System.Runtime.CompilerServices;
using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Tables.Wrappers;

namespace Burrow.Events.Subscriptions;

/// <summary>
/// What tenants ask Event Grid for: table <c>subs</c>. A partition per account holds its subscriptions; partitions
/// <c>visit-{n}</c> say when each is to be looked after; row <c>version</c> changes with every change of any, so that processes see by
/// one read that what they remember still holds.
/// </summary>
internal sealed class SubscriptionTable(ITableStore store, TimeProvider time, Random random)
{
    public const string Name = "subs";

    /// <summary>Partitions of visits, so that one is not what bounds the whole service.</summary>
    public const int Partitions = 4;

    private const string VersionPartition = "version";
    private const string VersionKey = "v";

    private readonly ITable table = new RetryingTable(store.Open(Name), time, random);

    /// <summary>Another after every change of any subscription.</summary>
    public async Task<string?> VersionAsync(CancellationToken cancellationToken) =>
        (await table.GetAsync(VersionPartition, VersionKey, cancellationToken))?.ETag;

    /// <summary>An account's subscriptions, by name.</summary>
    public async Task<IReadOnlyList<StoredSubscription>> ListAsync(AccountName account, CancellationToken cancellationToken)
    {
        var rows = await table.QueryAllAsync(Topic.Of(account), new RowQuery(QueueKeys.First, QueueKeys.End), cancellationToken);
        return [.. rows.Select(row => From(account, row))];
    }

    /// <summary>One of them; null if there is none.</summary>
    public async Task<StoredSubscription?> GetAsync(AccountName account, SubscriptionName name, CancellationToken cancellationToken) =>
        await table.GetAsync(Topic.Of(account), name.Value, cancellationToken) is { } row ? From(account, row) : null;

    /// <summary>Writes it, new or in place of what was read.</summary>
    /// <param name="subscription">What to write.</param>
    /// <param name="old">What was read; null if there was none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>As it is stored now; null if somebody else was first.</returns>
    public async Task<StoredSubscription?> WriteAsync(
        Subscription subscription, StoredSubscription? old, CancellationToken cancellationToken)
    {
        var columns = ToColumns(subscription);
        var key = subscription.Name.Value;
        var result = await table.SubmitAsync(
            Topic.Of(subscription.Account),
            [old is null ? Operation.Insert(key, columns) : Operation.Replace(key, columns, old.ETag)],
            cancellationToken);
        // After an attempt of unknown outcome it may be ours that is there: then it is read again, to the same effect.
        return result.Committed ? new(subscription, result.ETags[0]!) : null;
    }

    /// <summary>Removes it as it was read.</summary>
    public async Task<bool> RemoveAsync(StoredSubscription stored, CancellationToken cancellationToken)
    {
        var result = await table.SubmitAsync(
            Topic.Of(stored.Subscription.Account), [Operation.Delete(stored.Subscription.Name.Value, stored.ETag)], cancellationToken);
        return result.Committed;
    }

    /// <summary>Has it looked after at its next visit. Written before the subscription that says so, so that none is forgotten.</summary>
    public Task ScheduleAsync(Subscription subscription, CancellationToken cancellationToken) => table.SubmitAsync(
        PartitionOf(subscription.Account),
        [
            Operation.Upsert(
                $"{subscription.NextVisit:x16}!{Topic.Of(subscription.Account)}!{subscription.Name}",
                new Columns { { Column.Account, subscription.Account.Value }, { Column.Name, subscription.Name.Value } }),
        ],
        cancellationToken);

    /// <summary>The visits of one partition whose time has come, oldest first, a page at a time.</summary>
    public async IAsyncEnumerable<Visit> VisitsAsync(int partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.First, $"{time.GetUtcNow().UtcTicks + 1:x16}");
        await foreach (var page in table.QueryPagesAsync($"visit-{partition}", query, cancellationToken))
        {
            foreach (var row in page.Rows)
                yield return new(row.Key, row.ETag, new(row.Columns.GetString(Column.Account)!), new(row.Columns.GetString(Column.Name)!));
        }
    }

    /// <summary>Forgets a visit that was made, unless it was asked for anew.</summary>
    public Task RetireAsync(Visit visit, CancellationToken cancellationToken) =>
        table.SubmitAsync(PartitionOf(visit.Account), [Operation.Delete(visit.Key, visit.ETag)], cancellationToken);

    private static string PartitionOf(AccountName account) => $"visit-{Topic.Of(account)[2] % Partitions}";

    /// <summary>Has every process read again, within 5 s, what is wanted.</summary>
    public Task ChangedAsync() => table.SubmitAsync(
        VersionPartition,
        [Operation.Upsert(VersionKey, new Columns { { Column.Changed, time.GetUtcNow().UtcTicks } })],
        CancellationToken.None);

    private Columns ToColumns(Subscription subscription) => new()
    {
        { Column.Account, subscription.Account.Value },
        { Column.Endpoint, subscription.Spec.Endpoint.OriginalString },
        { Column.Queues, subscription.Spec.Queues.ToString() },
        { Column.Types, string.Join(',', subscription.Spec.Types) },
        { Column.Headers, subscription.Spec.Headers.Count == 0 ? null : string.Join(',', subscription.Spec.Headers) },
        { Column.Sealed, subscription.SealedHeaders },
        { Column.Label, subscription.Label },
        { Column.MaxAttempts, subscription.Spec.MaxAttempts },
        { Column.EventTimeToLive, subscription.Spec.EventTimeToLive },
        { Column.State, subscription.State.ToString() },
        { Column.Reason, subscription.Reason },
        { Column.Changed, subscription.Changed.UtcTicks },
        { Column.Failures, subscription.Failures },
        { Column.Operation, subscription.Operation },
        { Column.Visit, subscription.NextVisit },
    };

    private StoredSubscription From(AccountName account, Row row)
    {
        var columns = row.Columns;
        return new(
            new(
                account,
                new(row.Key),
                new()
                {
                    Endpoint = new Uri(columns.GetString(Column.Endpoint)!),
                    Queues = QueuePattern.Parse(columns.GetString(Column.Queues)!),
                    Types = columns.GetString(Column.Types)!.Split(','),
                    Headers = columns.GetString(Column.Headers)?.Split(',') ?? [],
                    MaxAttempts = (int)columns.GetInteger(Column.MaxAttempts),
                    EventTimeToLive = (int)columns.GetInteger(Column.EventTimeToLive),
                },
                Enum.Parse<SubscriptionState>(columns.GetString(Column.State)!),
                columns.GetString(Column.Reason),
                new DateTimeOffset(columns.GetInteger(Column.Changed), TimeSpan.Zero))
            {
                SealedHeaders = columns.GetBytes(Column.Sealed),
                Label = columns.GetString(Column.Label)!,
                Failures = (int)columns.GetInteger(Column.Failures),
                Operation = columns.GetString(Column.Operation),
                NextVisit = columns.GetInteger(Column.Visit),
            },
            row.ETag);
    }

    private static class Column
    {
        public const string Account = "account";
        public const string Name = "name";
        public const string Endpoint = "endpoint";
        public const string Queues = "queues";
        public const string Types = "types";
        public const string Headers = "headers";
        public const string Sealed = "sealed";
        public const string Label = "label";
        public const string MaxAttempts = "maxAttempts";
        public const string EventTimeToLive = "eventTimeToLive";
        public const string State = "state";
        public const string Reason = "reason";
        public const string Changed = "changed";
        public const string Failures = "failures";
        public const string Operation = "operation";
        public const string Visit = "visit";
    }
}

/// <summary>A subscription as it was read.</summary>
internal sealed record StoredSubscription(Subscription Subscription, string ETag);

/// <summary>A subscription that is to be looked after.</summary>
internal sealed record Visit(string Key, string ETag, AccountName Account, SubscriptionName Name)
{
    /// <summary>For when it was asked for, UTC ticks.</summary>
    public long Instant => long.Parse(Key.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
