using System.Security.Cryptography;
using Burrow.Events.Signing;
using Burrow.Tables;

namespace Burrow.Local.EventGrid;

/// <summary>What the stand-in keeps, beside the queues: table <c>grid</c>. What it took it delivers, also after it was killed.</summary>
internal sealed class StandInStore(ITableStore store, LocalEvents events)
{
    private const string Name = "grid";
    private const string Subscriptions = "subscriptions";
    private const string Deliveries = "deliveries";

    private readonly ITable table = store.Open(Name);

    /// <summary>What an event subscription says holds the tenant's secrets.</summary>
    private readonly SecretBox secrets = new(events.Secret);

    public Task CreateAsync(CancellationToken cancellationToken) => store.CreateAsync([Name], cancellationToken);

    /// <summary>Those it can still read: under another secret it has forgotten them, and is told again.</summary>
    public async Task<IReadOnlyList<EventSubscription>> SubscriptionsAsync(CancellationToken cancellationToken) =>
        [.. (await ReadAsync(Subscriptions, cancellationToken)).Select(Open).OfType<EventSubscription>()];

    public async Task<IReadOnlyList<Delivery>> DeliveriesAsync(CancellationToken cancellationToken) =>
        [.. (await ReadAsync(Deliveries, cancellationToken)).Select(Delivery.From)];

    public Task WriteAsync(EventSubscription subscription, CancellationToken cancellationToken) => table.SubmitAsync(
        Subscriptions,
        [
            Operation.Upsert(KeyOf(subscription.Topic, subscription.Name), new Columns
            {
                { "topic", subscription.Topic },
                { "name", subscription.Name },
                { "json", secrets.Seal(subscription.Json) },
                { "state", subscription.State },
                { "reason", subscription.Reason },
            }),
        ],
        cancellationToken);

    public Task RemoveAsync(EventSubscription subscription, CancellationToken cancellationToken) => table.SubmitAsync(
        Subscriptions, [Operation.Delete(KeyOf(subscription.Topic, subscription.Name), Operation.Any)], cancellationToken);

    /// <summary>All of them, or, where storage fails, some.</summary>
    public async Task AddAsync(IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken)
    {
        // As many as fit, by bytes too: an event has some 70 KB at most.
        foreach (var some in deliveries.Chunk(25))
            await table.SubmitAsync(Deliveries, [.. some.Select(one => Operation.Insert(one.Key, one.ToColumns()))], cancellationToken);
    }

    public Task WriteAsync(Delivery delivery, CancellationToken cancellationToken) =>
        table.SubmitAsync(Deliveries, [Operation.Upsert(delivery.Key, delivery.ToColumns())], cancellationToken);

    public Task RemoveAsync(Delivery delivery, CancellationToken cancellationToken) =>
        table.SubmitAsync(Deliveries, [Operation.Delete(delivery.Key, Operation.Any)], cancellationToken);

    private EventSubscription? Open(Row row)
    {
        try
        {
            var columns = row.Columns;
            return new(
                columns.GetString("topic")!,
                columns.GetString("name")!,
                secrets.Open(columns.GetBytes("json")),
                columns.GetString("state")!,
                columns.GetString("reason"));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string KeyOf(string topic, string name) => $"{topic}!{name}";

    private Task<List<Row>> ReadAsync(string partition, CancellationToken cancellationToken) =>
        table.QueryAllAsync(partition, new RowQuery("!", "~"), cancellationToken);
}
