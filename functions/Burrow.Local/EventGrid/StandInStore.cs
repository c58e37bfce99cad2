using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Burrow.Access;
using Burrow.Events.Signing;
using Burrow.Tables;

namespace Burrow.Local.EventGrid;

/// <summary>
/// What the stand-in stores beside the queues, in table <c>grid</c>. So it delivers every event that it took, even after the process
/// was killed. An open delivery is two rows. The first is in the order of the next attempts, and an attempt moves it. The second
/// holds the event, and stays as it is.
/// </summary>
internal sealed class StandInStore(ITableStore store, LocalEvents events)
{
    private const string Name = "grid";
    private const string Subscriptions = "subscriptions";
    private const string Deliveries = "open";
    private const string TopicColumn = "topic";
    private const string NameColumn = "name";
    private const string JsonColumn = "json";
    private const string StateColumn = "state";
    private const string ReasonColumn = "reason";
    private const string EventColumn = "event";
    private const string EventRestColumn = "event2";

    private readonly ITable table = store.Open(Name);

    /// <summary>Seals event subscriptions: their JSON holds the tenant's secrets.</summary>
    private readonly SecretBox secrets = new(new DeploymentSecret(events.Secret));

    public Task CreateAsync(CancellationToken cancellationToken) => store.CreateAsync([Name], cancellationToken);

    /// <summary>
    /// The event subscriptions that it can still read. With another secret it has lost them, and Burrow sends them again.
    /// </summary>
    public async Task<IReadOnlyList<EventSubscription>> SubscriptionsAsync(CancellationToken cancellationToken) =>
        [.. (await table.QueryAllAsync(Subscriptions, new RowQuery("!", "~"), cancellationToken)).Select(Open).OfType<EventSubscription>()];

    public Task WriteAsync(EventSubscription subscription, CancellationToken cancellationToken) => table.SubmitAsync(
        Subscriptions,
        [
            Operation.Upsert(KeyOf(subscription.Topic, subscription.Name), new Columns
            {
                { TopicColumn, subscription.Topic },
                { NameColumn, subscription.Name },
                { JsonColumn, secrets.Seal(subscription.Json) },
                { StateColumn, subscription.State },
                { ReasonColumn, subscription.Reason },
            }),
        ],
        cancellationToken);

    public Task RemoveAsync(EventSubscription subscription, CancellationToken cancellationToken) => table.SubmitAsync(
        Subscriptions, [Operation.Delete(KeyOf(subscription.Topic, subscription.Name), Operation.Any)], cancellationToken);

    /// <summary>All open deliveries, a page at a time.</summary>
    public async IAsyncEnumerable<IReadOnlyList<Delivery>> DeliveriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in table.QueryPagesAsync(Deliveries, new RowQuery("d!", "d~"), cancellationToken))
            yield return [.. page.Rows.Select(Delivery.From)];
    }

    /// <summary>The open deliveries of an event subscription that come next, in their order.</summary>
    public async Task<IReadOnlyList<Delivery>> NextAsync(string topic, string name, int count, CancellationToken cancellationToken)
    {
        // A quotation mark is the character after the exclamation mark.
        var query = new RowQuery($"d!{KeyOf(topic, name)}!", $"d!{KeyOf(topic, name)}\"") { Top = count };
        return [.. (await table.QueryFirstAsync(Deliveries, query, cancellationToken)).Rows.Take(count).Select(Delivery.From)];
    }

    /// <summary>The event of an open delivery, as JSON; null if the delivery is gone.</summary>
    public async Task<byte[]?> EventAsync(Delivery delivery, CancellationToken cancellationToken) =>
        await table.GetAsync(Deliveries, EventKeyOf(delivery), cancellationToken) is { } row
            ? [.. row.Columns.GetBytes(EventColumn), .. row.Columns.GetBytes(EventRestColumn)]
            : null;

    /// <summary>Adds deliveries with their events, all or none.</summary>
    public Task AddAsync(IEnumerable<(Delivery Delivery, byte[] Event)> deliveries, CancellationToken cancellationToken) =>
        table.SubmitAsync(
            Deliveries,
            [
                .. deliveries.SelectMany(one => new[]
                {
                    Operation.Insert(KeyOf(one.Delivery), one.Delivery.ToColumns()),
                    Operation.Insert(EventKeyOf(one.Delivery), ToColumns(one.Event)),
                }),
            ],
            cancellationToken);

    /// <summary>Writes a delivery as it is after an attempt, unless it is gone.</summary>
    public Task MoveAsync(Delivery delivery, Delivery later, CancellationToken cancellationToken) => table.SubmitAsync(
        Deliveries,
        [Operation.Delete(KeyOf(delivery), Operation.Any), Operation.Insert(KeyOf(later), later.ToColumns())],
        cancellationToken);

    /// <summary>Removes a delivery with its event, unless it is gone.</summary>
    public Task RemoveAsync(Delivery delivery, CancellationToken cancellationToken) => table.SubmitAsync(
        Deliveries,
        [Operation.Delete(KeyOf(delivery), Operation.Any), Operation.Delete(EventKeyOf(delivery), Operation.Any)],
        cancellationToken);

    private static string KeyOf(string topic, string name) => $"{topic}!{name}";

    private static string KeyOf(Delivery delivery) =>
        $"d!{KeyOf(delivery.Topic, delivery.Subscription)}!{delivery.Next:x16}!{delivery.Key}";

    private static string EventKeyOf(Delivery delivery) => $"e!{delivery.Key}";

    /// <summary>A column holds 64 KiB, and an event may be a little larger.</summary>
    private static Columns ToColumns(byte[] json) => new(2)
    {
        { EventColumn, json.Length > TableLimits.ColumnBytes ? json[..TableLimits.ColumnBytes] : json },
        { EventRestColumn, json.Length > TableLimits.ColumnBytes ? json[TableLimits.ColumnBytes..] : null },
    };

    private EventSubscription? Open(Row row)
    {
        try
        {
            var columns = row.Columns;
            return new(
                columns.GetString(TopicColumn)!,
                columns.GetString(NameColumn)!,
                secrets.Open(columns.GetBytes(JsonColumn)),
                columns.GetString(StateColumn)!,
                columns.GetString(ReasonColumn));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
