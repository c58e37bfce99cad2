using System.Globalization;
using System.Runtime.CompilerServices;
using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Tables.Wrappers;

namespace Burrow.Events.Subscriptions;

/// <summary>
/// The subscriptions that tenants ask for: table <c>subs</c>. A partition per account holds its subscriptions. Partitions
/// <c>visit-{n}</c> say when the timer visits each subscription. Row <c>version</c> changes when a subscription becomes active or is
/// deleted, so one read shows a process whether its cache is still valid.
/// </summary>
internal sealed class SubscriptionTable(ITableStore store, TimeProvider time, Random random)
{
    public const string Name = "subs";

    /// <summary>The number of partitions of visits. A single partition would limit the whole service.</summary>
    public const int Partitions = 4;

    private const string VersionPartition = "version";
    private const string VersionKey = "v";

    private readonly ITable table = new RetryingTable(store.Open(Name), time, random);

    /// <summary>
    /// The version of all subscriptions: another text after a subscription became active or was deleted; null before the first.
    /// </summary>
    public async Task<string?> VersionAsync(CancellationToken cancellationToken) =>
        (await table.GetAsync(VersionPartition, VersionKey, cancellationToken))?.ETag;

    /// <summary>An account's subscriptions, by name.</summary>
    public async Task<IReadOnlyList<StoredSubscription>> ListAsync(AccountName account, CancellationToken cancellationToken)
    {
        var rows = await table.QueryAllAsync(Topic.Of(account), new RowQuery(QueueKeys.First, QueueKeys.End), cancellationToken);
        return [.. rows.Select(row => From(account, row))];
    }

    /// <summary>One subscription; null if there is none.</summary>
    public async Task<StoredSubscription?> GetAsync(AccountName account, SubscriptionName name, CancellationToken cancellationToken) =>
        await table.GetAsync(Topic.Of(account), name.Value, cancellationToken) is { } row ? From(account, row) : null;

    /// <summary>Writes a subscription, new or in place of the one that was read.</summary>
    /// <param name="subscription">What to write.</param>
    /// <param name="old">What was read; null if there was none.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The subscription as it is stored now; null if another request changed it first.</returns>
    public async Task<StoredSubscription?> WriteAsync(
        Subscription subscription, StoredSubscription? old, CancellationToken cancellationToken)
    {
        var columns = ToColumns(subscription);
        var key = subscription.Name.Value;
        var result = await table.SubmitAsync(
            Topic.Of(subscription.Account),
            [old is null ? Operation.Insert(key, columns) : Operation.Replace(key, columns, old.ETag)],
            cancellationToken);
        // After a try of unknown outcome, the stored row may be from this request. Then the caller reads it again, with the same result.
        return result.Committed ? new(subscription, result.ETags[0]!) : null;
    }

    /// <summary>Removes a subscription, unless it changed since it was read.</summary>
    /// <returns>Whether it was removed.</returns>
    public async Task<bool> RemoveAsync(StoredSubscription stored, CancellationToken cancellationToken)
    {
        var result = await table.SubmitAsync(
            Topic.Of(stored.Subscription.Account), [Operation.Delete(stored.Subscription.Name.Value, stored.ETag)], cancellationToken);
        return result.Committed;
    }

    /// <summary>
    /// Writes the next visit of a subscription. The caller writes it before the subscription that names it, so that no visit is missed.
    /// </summary>
    public Task ScheduleAsync(Subscription subscription, CancellationToken cancellationToken) => table.SubmitAsync(
        PartitionOf(subscription.Account),
        [
            Operation.Upsert(
                $"{subscription.NextVisit:x16}!{Topic.Of(subscription.Account)}!{subscription.Name}",
                new Columns { { Column.Account, subscription.Account.Value }, { Column.Name, subscription.Name.Value } }),
        ],
        cancellationToken);

    /// <summary>The visits of one partition that are due, oldest first. They are read a page at a time.</summary>
    public async IAsyncEnumerable<Visit> VisitsAsync(int partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.First, $"{time.GetUtcNow().UtcTicks + 1:x16}");
        await foreach (var page in table.QueryPagesAsync($"visit-{partition}", query, cancellationToken))
        {
            foreach (var row in page.Rows)
                yield return new(row.Key, row.ETag, new(row.Columns.GetString(Column.Account)!), new(row.Columns.GetString(Column.Name)!));
        }
    }

    /// <summary>Deletes a visit that was made, unless it was scheduled again since.</summary>
    public Task RetireAsync(Visit visit, CancellationToken cancellationToken) =>
        table.SubmitAsync(PartitionOf(visit.Account), [Operation.Delete(visit.Key, visit.ETag)], cancellationToken);

    private static string PartitionOf(AccountName account) => $"visit-{Topic.Of(account)[2] % Partitions}";

    /// <summary>Makes every process read the subscriptions again within 5 s.</summary>
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
        { Column.SealedEndpoint, subscription.SealedEndpoint },
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
                    Queues = QueuePattern.Read(columns.GetString(Column.Queues)!),
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
                SealedEndpoint = columns.GetBytes(Column.SealedEndpoint),
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
        public const string SealedEndpoint = "sealedEndpoint";
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

/// <summary>A planned visit of the timer to a subscription.</summary>
internal sealed record Visit(string Key, string ETag, AccountName Account, SubscriptionName Name)
{
    /// <summary>When the visit is due, UTC ticks.</summary>
    public long Instant => long.Parse(Key.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
