using System.Security.Cryptography;
using Burrow.Access;
using Burrow.Events.Signing;
using Burrow.Tables;

namespace Burrow.Local.EventGrid;

/// <summary>
/// What the stand-in stores beside the queues, in table <c>grid</c>. So it delivers every event that it took, even after the process
/// was killed.
/// </summary>
internal sealed class StandInStore(ITableStore store, LocalEvents events)
{
    private const string Name = "grid";
    private const string Subscriptions = "subscriptions";
    private const string Deliveries = "deliveries";
    private const string TopicColumn = "topic";
    private const string NameColumn = "name";
    private const string JsonColumn = "json";
    private const string StateColumn = "state";
    private const string ReasonColumn = "reason";

    private readonly ITable table = store.Open(Name);

    /// <summary>Seals event subscriptions: their JSON holds the tenant's secrets.</summary>
    private readonly SecretBox secrets = new(new DeploymentSecret(events.Secret));

    public Task CreateAsync(CancellationToken cancellationToken) => store.CreateAsync([Name], cancellationToken);

    /// <summary>
    /// The event subscriptions that it can still read. With another secret it has lost them, and Burrow sends them again.
    /// </summary>
    public async Task<IReadOnlyList<EventSubscription>> SubscriptionsAsync(CancellationToken cancellationToken) =>
        [.. (await ReadAsync(Subscriptions, cancellationToken)).Select(Open).OfType<EventSubscription>()];

    public async Task<IReadOnlyList<Delivery>> DeliveriesAsync(CancellationToken cancellationToken) =>
        [.. (await ReadAsync(Deliveries, cancellationToken)).Select(Delivery.From)];

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

    /// <summary>Adds all deliveries, or, where storage fails, some of them.</summary>
    public async Task AddAsync(IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken)
    {
        // As many as fit into one transaction, by bytes too: an event has about 70 KB at most.
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

    private static string KeyOf(string topic, string name) => $"{topic}!{name}";

    private Task<List<Row>> ReadAsync(string partition, CancellationToken cancellationToken) =>
        table.QueryAllAsync(partition, new RowQuery("!", "~"), cancellationToken);
}
