using System.Globalization;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Tables.Wrappers;

namespace Burrow.Queues.Relays;

/// <summary>
/// Table <c>relays</c>: a partition for each account with a row for each queue that a relay serves, and one row for the stamp of this
/// deployment.
/// </summary>
internal sealed class RelayTable(ITableStore store, TimeProvider time, Random random)
{
    public const string Name = "relays";

    private const string StampKey = "stamp";

    private readonly ITable table = new RetryingTable(store.Open(Name), time, random);

    /// <summary>The link of a queue; null if there is none.</summary>
    public async Task<RelayLink?> ReadAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        await table.GetAsync(PartitionOf(queue.Account), KeyOf(queue), cancellationToken) is { } row ? From(queue.Account, row) : null;

    /// <summary>The links of an account, a page at a time.</summary>
    public IAsyncEnumerable<IReadOnlyList<RelayLink>> ListAsync(AccountName account, CancellationToken cancellationToken) =>
        table.QueryPagesAsync(PartitionOf(account), new(QueueKeys.First, QueueKeys.End), cancellationToken)
            .Select(page => (IReadOnlyList<RelayLink>)[.. page.Rows.Select(row => From(account, row))]);

    /// <summary>Writes a link in place of the one that was read.</summary>
    /// <returns>The link as it is stored now; null if another process changed it first, or perhaps this one.</returns>
    public async Task<RelayLink?> WriteAsync(RelayLink link, CancellationToken cancellationToken)
    {
        var (key, columns) = (KeyOf(link.Queue), ToColumns(link));
        var write = link.ETag is { } etag ? Operation.Replace(key, columns, etag) : Operation.Insert(key, columns);
        var result = await table.SubmitAsync(PartitionOf(link.Queue.Account), [write], cancellationToken);
        return result.Committed ? link with { ETag = result.ETags[0] } : null;
    }

    /// <summary>Deletes a link, unless it changed since it was read.</summary>
    /// <returns>Whether it was deleted by this request, as far as it is known.</returns>
    public async Task<bool> RemoveAsync(RelayLink link, CancellationToken cancellationToken) =>
        (await table.SubmitAsync(
            PartitionOf(link.Queue.Account), [Operation.Delete(KeyOf(link.Queue), link.ETag!)], cancellationToken)).Committed;

    /// <summary>The stamp of these tables: the first one that was written.</summary>
    /// <param name="made">A new stamp, if there is none yet.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<string> StampAsync(string made, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await table.GetAsync(StampKey, StampKey, cancellationToken) is { } row)
                return row.Columns.GetString(StampKey)!;
            await table.SubmitAsync(StampKey, [Operation.Insert(StampKey, new Columns { { StampKey, made } })], cancellationToken);
        }
    }

    private static string PartitionOf(AccountName account) => "l!" + NameHash.Of(account.Value);

    private static string KeyOf(QueueAddress queue) => NameHash.Of(queue.Queue.Value);

    private static Columns ToColumns(RelayLink link) => new()
    {
        { Column.Queue, link.Queue.Queue.Value },
        { Column.Relay, link.Relay.Value },
        { Column.Incarnation, link.Incarnation },
        { Column.Prepared, link.IsPrepared ? 1 : 0 },
        { Column.Generation, link.Generation },
        { Column.Reason, link.Reason },
        { Column.Next, link.Next },
        { Column.Tried, link.Tried },
        { Column.Failures, link.Failures },
        { Column.Holder, link.Holder },
        { Column.Until, link.Until },
        { Column.Epoch, link.Epoch },
        { Column.FencedBy, link.FencedBy },
        { Column.Sent, link.Sent?.ToString(CultureInfo.InvariantCulture) },
        { Column.Settled, link.IsSettled ? 1 : 0 },
        { Column.Peer, link.Peer },
        { Column.Used, link.Used },
    };

    private static RelayLink From(AccountName account, Row row)
    {
        var columns = row.Columns;
        return new(
            row.ETag,
            new(account, new(columns.GetString(Column.Queue)!)),
            new(columns.GetString(Column.Relay)!),
            columns.GetString(Column.Incarnation)!)
        {
            IsPrepared = columns.GetInteger(Column.Prepared) != 0,
            Generation = columns.GetInteger(Column.Generation),
            Reason = columns.GetString(Column.Reason),
            Next = columns.GetInteger(Column.Next),
            Tried = columns.GetInteger(Column.Tried),
            Failures = (int)columns.GetInteger(Column.Failures),
            Holder = columns.GetString(Column.Holder),
            Until = columns.GetInteger(Column.Until),
            Epoch = columns.GetInteger(Column.Epoch),
            FencedBy = columns.GetInteger(Column.FencedBy),
            Sent = columns.GetString(Column.Sent) is { } sent ? long.Parse(sent, CultureInfo.InvariantCulture) : null,
            IsSettled = columns.GetInteger(Column.Settled) != 0,
            Peer = columns.GetString(Column.Peer),
            Used = columns.GetInteger(Column.Used),
        };
    }

    private static class Column
    {
        public const string Queue = "queue";
        public const string Relay = "relay";
        public const string Incarnation = "incarnation";
        public const string Prepared = "prepared";
        public const string Generation = "generation";
        public const string Reason = "reason";
        public const string Next = "next";
        public const string Tried = "tried";
        public const string Failures = "failures";
        public const string Holder = "holder";
        public const string Until = "until";
        public const string Epoch = "epoch";
        public const string FencedBy = "fenced";
        public const string Sent = "sent";
        public const string Settled = "settled";
        public const string Peer = "peer";
        public const string Used = "used";
    }
}
