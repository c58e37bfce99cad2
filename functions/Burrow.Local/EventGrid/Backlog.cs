using System.Collections.Concurrent;

namespace Burrow.Local.EventGrid;

/// <summary>
/// The open deliveries of all event subscriptions. They are in the table. Memory holds those under way, and how much each event
/// subscription has open. An event subscription that has nothing open needs no memory here.
/// </summary>
internal sealed partial class Backlog(
    ConcurrentDictionary<(string Topic, string Name), EventSubscription> subscriptions,
    StandInStore store,
    Deliverer deliverer,
    Retry retry,
    TimeProvider time,
    ILogger logger,
    CancellationToken stopping)
{
    /// <summary>An account has at most about this many open deliveries.</summary>
    public const int MaxEvents = 10_000;

    /// <summary>The events of an account's open deliveries have at most about this many bytes.</summary>
    public const long MaxBytes = 64 * 1024 * 1024;

    /// <summary>How many deliveries run to one endpoint at a time.</summary>
    private const int Concurrent = 16;

    /// <summary>How many deliveries are read at a time. Those under way come first, so there must be more.</summary>
    private const int PageSize = 4 * Concurrent;

    /// <summary>How many deliveries are added in one transaction. An event has about 70 KB at most.</summary>
    private const int Added = 25;

    /// <summary>How long it waits before it looks at the clock again. A clock may be set.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private readonly Dictionary<(string Topic, string Name), Line> lines = [];

    /// <summary>Counts what earlier processes left, and continues with it.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<(string, string), (int Events, long Bytes)>();
        await foreach (var page in store.DeliveriesAsync(cancellationToken))
        {
            foreach (var delivery in page)
            {
                var (events, bytes) = found.GetValueOrDefault((delivery.Topic, delivery.Subscription));
                found[(delivery.Topic, delivery.Subscription)] = (events + 1, bytes + delivery.Bytes);
            }
        }

        lock (gate)
        {
            foreach (var ((topic, name), (events, bytes)) in found)
                Of(topic, name).Add(events, bytes);
        }
    }

    /// <summary>How many deliveries of a topic are open, and how many bytes their events have.</summary>
    public (int Events, long Bytes) SizeOf(string topic)
    {
        lock (gate)
        {
            var ofTopic = lines.Values.Where(line => line.Topic == topic).ToList();
            return (ofTopic.Sum(line => line.Events), ofTopic.Sum(line => line.Bytes));
        }
    }

    /// <summary>Whether a topic has so many open deliveries that it takes no more.</summary>
    public bool IsFull(string topic) => SizeOf(topic) is var (events, bytes) && (events >= MaxEvents || bytes >= MaxBytes);

    /// <summary>The open deliveries of a topic that come next, in their order.</summary>
    public async Task<IReadOnlyList<Delivery>> NextAsync(string topic, int count, CancellationToken cancellationToken)
    {
        List<Line> ofTopic;
        lock (gate)
            ofTopic = [.. lines.Values.Where(line => line.Topic == topic)];
        var next = new List<Delivery>();
        foreach (var line in ofTopic)
            next.AddRange(await store.NextAsync(topic, line.Name, count, cancellationToken));
        return [.. next.OrderBy(delivery => delivery.Next).Take(count)];
    }

    /// <summary>Adds all deliveries, or, where storage fails, some of them.</summary>
    public async Task AddAsync(IReadOnlyList<(Delivery Delivery, byte[] Event)> deliveries, CancellationToken cancellationToken)
    {
        foreach (var some in deliveries.Chunk(Added))
        {
            await store.AddAsync(some, cancellationToken);
            lock (gate)
            {
                foreach (var (delivery, _) in some)
                    Of(delivery.Topic, delivery.Subscription).Add(1, delivery.Bytes);
            }
        }
    }

    /// <summary>Removes the deliveries of an event subscription that was deleted.</summary>
    public void Drop(string topic, string name)
    {
        lock (gate)
        {
            var line = Of(topic, name);
            line.IsDropped = true;
            line.Add(0, 0);
        }
    }

    /// <summary>Completes when nothing is under way any more. It is called when the process stops.</summary>
    public Task StoppedAsync()
    {
        lock (gate)
            return Task.WhenAll(lines.Values.Select(line => line.Running).ToList());
    }

    /// <summary>The line of an event subscription; a new one starts to work. It needs the lock.</summary>
    private Line Of(string topic, string name)
    {
        if (!lines.TryGetValue((topic, name), out var line))
        {
            lines[(topic, name)] = line = new(topic, name);
            // This work belongs to no request.
            using (ExecutionContext.SuppressFlow())
                line.Running = RunAsync(line);
        }

        return line;
    }

    private async Task RunAsync(Line line)
    {
        await Task.Yield();
        try
        {
            while (await ServeAsync(line))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // The rows stay for the next start of the process.
            for (var slot = 0; slot < Concurrent; slot++)
                await line.Slots.WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>Starts the deliveries that are due. If there are none, it waits until the next is, or until something changes.</summary>
    /// <returns>False when nothing is open.</returns>
    private async Task<bool> ServeAsync(Line line)
    {
        // Both are read before the page. A delivery that ends later may still be in the page, as it was before its attempt.
        var changed = line.Changed;
        var underWay = line.UnderWay.Keys.ToHashSet();
        var page = await retry.UntilDoneAsync(() => store.NextAsync(line.Topic, line.Name, PageSize, stopping), stopping);
        var waiting = page.Where(delivery => !underWay.Contains(delivery.Key)).ToList();
        // Without its event subscription, a delivery is only removed, and need not be due for that.
        var isGone = line.IsDropped && !subscriptions.ContainsKey((line.Topic, line.Name));
        var now = time.GetUtcNow().UtcTicks;
        var due = waiting.TakeWhile(delivery => isGone || delivery.Next <= now).ToList();
        foreach (var delivery in due)
        {
            await line.Slots.WaitAsync(stopping);
            line.UnderWay[delivery.Key] = true;
            _ = DeliverAsync(line, delivery);
        }

        if (due.Count > 0)
            return true;
        lock (gate)
        {
            if (page.Count == 0 && underWay.Count == 0 && changed == line.Changed)
            {
                lines.Remove((line.Topic, line.Name));
                return false;
            }
        }

        await WaitAsync(changed, waiting.Count == 0 ? MaxWait : TimeSpan.FromTicks(waiting[0].Next - now));
        return true;
    }

    private async Task WaitAsync(Task changed, TimeSpan wait)
    {
        try
        {
            await changed.WaitAsync(wait < MaxWait ? wait : MaxWait, time, stopping);
        }
        catch (TimeoutException)
        {
            // The next delivery is due, or the clock was set.
        }
    }

    private async Task DeliverAsync(Line line, Delivery delivery)
    {
        await Task.Yield();
        try
        {
            var later = await AttemptAsync(delivery);
            await retry.UntilDoneAsync(
                () => later is null ? store.RemoveAsync(delivery, stopping) : store.MoveAsync(delivery, later, stopping), stopping);
            if (later is null)
            {
                lock (gate)
                    line.Add(-1, -delivery.Bytes);
            }
        }
        catch (OperationCanceledException)
        {
            // The rows stay for the next start of the process.
        }
        finally
        {
            line.UnderWay.TryRemove(delivery.Key, out _);
            line.Slots.Release();
            lock (gate)
                line.Add(0, 0);
        }
    }

    private async Task<Delivery?> AttemptAsync(Delivery delivery)
    {
        try
        {
            return subscriptions.TryGetValue((delivery.Topic, delivery.Subscription), out var subscription)
                ? await deliverer.AttemptAsync(delivery, subscription, stopping)
                : null;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            Failed(e);
            return deliverer.Later(delivery with { Attempts = delivery.Attempts + 1 }, delivery.Attempts + 1);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Event Grid's stand-in failed at a delivery; it tries again.")]
    private partial void Failed(Exception exception);

    /// <summary>What one event subscription has open.</summary>
    private sealed class Line(string topic, string name)
    {
        private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Topic => topic;

        public string Name => name;

        /// <summary>How many deliveries are open. Changes need the lock.</summary>
        public int Events { get; private set; }

        /// <summary>The bytes of their events.</summary>
        public long Bytes { get; private set; }

        /// <summary>Completes at the next change.</summary>
        public Task Changed => Volatile.Read(ref changed).Task;

        /// <summary>The deliveries under way, by their keys.</summary>
        public ConcurrentDictionary<string, bool> UnderWay { get; } = new();

        /// <summary>The free places for deliveries under way.</summary>
        public SemaphoreSlim Slots { get; } = new(Concurrent);

        /// <summary>Whether its event subscription was deleted. There may be a new one of the same name.</summary>
        public bool IsDropped { get; set; }

        public Task Running { get; set; } = Task.CompletedTask;

        /// <summary>Notes a change. It needs the lock.</summary>
        public void Add(int events, long bytes)
        {
            (Events, Bytes) = (Events + events, Bytes + bytes);
            Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }
}
