using Burrow.Events.Model;
using Burrow.Events.Outbox;
using Burrow.Events.Signing;
using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Simulation.World;

/// <summary>
/// A process that serves: an engine with its own caches, clock and random numbers. It may freeze for a while, and it may die at
/// any moment. After its death, only what it had sent to storage still happens.
/// </summary>
internal sealed class Instance : SynchronizationContext
{
    private readonly Scheduler scheduler;
    private readonly List<(SendOrPostCallback Callback, object? State)> held = [];
    private readonly HashSet<Action> connections = [];
    private readonly Queue<Action> inbox = new();
    private long frozenUntil;

    /// <param name="scheduler">Runs the process.</param>
    /// <param name="name">The process's name.</param>
    /// <param name="skew">How far its clock is ahead of true time.</param>
    /// <param name="seed">The seed of its own random numbers.</param>
    /// <param name="store">Makes its way to the tables.</param>
    /// <param name="sink">Makes the sink of its events; null if there are no subscribers.</param>
    /// <param name="wire">Makes its way to other deployments; null if there is none.</param>
    public Instance(
        Scheduler scheduler,
        string name,
        TimeSpan skew,
        int seed,
        Func<Instance, ITableStore> store,
        Func<Instance, IEventSink>? sink,
        Func<Instance, IRelayWire>? wire = null)
    {
        this.scheduler = scheduler;
        Name = name;
        Skew = skew.Ticks;
        var (tables, time, random) = (store(this), new InstanceTime(this), new Random(seed));
        Engine = new QueueEngine(
            tables,
            time,
            random,
            new BurrowOptions(),
            NullLogger<QueueEngine>.Instance,
            sink is null ? new NoEventOutbox() : NewAnnouncer(sink(this), tables, time, random),
            wire?.Invoke(this));
    }

    public string Name { get; }

    public QueueEngine Engine { get; }

    /// <summary>How far its clock is ahead of true time, in ticks.</summary>
    public long Skew { get; }

    public bool IsDead { get; private set; }

    /// <summary>Called when the process dies.</summary>
    public required Action Died { get; init; }

    /// <summary>Whether nothing ever goes wrong around it (<see cref="Conditions.IsCalm"/>).</summary>
    public required bool IsCalm { get; init; }

    /// <summary>The moments at which storage failed a request of this process.</summary>
    public List<Moment> Failures { get; } = [];

    /// <summary>What its clock shows at a moment, in UTC ticks.</summary>
    public long Clock(Moment moment) => Start + moment.Ticks + Skew;

    /// <summary>True time 0, in UTC ticks.</summary>
    public static readonly long Start = new DateTime(2026, 3, 1, 0, 0, 30, DateTimeKind.Utc).Ticks;

    /// <summary>Whether storage failed it between two moments.</summary>
    public bool FailedBetween(Moment from, Moment to) => Failures.Exists(failure => failure >= from && failure <= to);

    /// <summary>
    /// Ends the process: from now on it does nothing. Each request that waits for an answer fails with
    /// <see cref="ConnectionLostException"/>.
    /// </summary>
    public void Die()
    {
        if (IsDead)
            return;
        IsDead = true;
        held.Clear();
        foreach (var lost in connections.ToList())
            lost();
        connections.Clear();
        Died();
    }

    /// <summary>Stops the process for a time. Afterwards it continues as if nothing had happened.</summary>
    public void Freeze(TimeSpan time)
    {
        frozenUntil = Math.Max(frozenUntil, scheduler.Now + time.Ticks);
        scheduler.At(frozenUntil, Thaw);
    }

    /// <summary>Sends a request to this process. Requests arrive in the order in which they were sent.</summary>
    /// <returns>What the process answers; <see cref="ConnectionLostException"/> if it dies first.</returns>
    public Task<T> RequestAsync<T>(Func<QueueEngine, Task<T>> request)
    {
        var answer = new TaskCompletionSource<T>();
        void Lost() => answer.TrySetException(new ConnectionLostException());
        if (IsDead)
        {
            Lost();
            return answer.Task;
        }

        connections.Add(Lost);
        inbox.Enqueue(ServeAsync);
        Post(_ => inbox.Dequeue()(), null);
        return answer.Task;

        async void ServeAsync()
        {
            try
            {
                answer.TrySetResult(await request(Engine));
            }
            catch (Exception e)
            {
                answer.TrySetException(e);
            }

            connections.Remove(Lost);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!IsDead)
            scheduler.Post(this, Run, (d, state));
    }

    /// <summary>
    /// The real publisher, with two differences: it can't sign, which has no effect here, and every queue has a subscription for
    /// all events.
    /// </summary>
    private static EventPublisher NewAnnouncer(IEventSink sink, ITableStore tables, TimeProvider time, Random random) => new(
        sink,
        new EventComposer(new Lazy<EventSigner>(() => throw new InvalidOperationException()), new EventsOptions(), time, random),
        (_, _) => new(EventKinds.Created | EventKinds.Expired | EventKinds.Dead),
        tables,
        time,
        random,
        NullLogger<EventPublisher>.Instance);

    private void Run(object? callback)
    {
        if (IsDead)
            return;
        var (d, state) = ((SendOrPostCallback, object?))callback!;
        if (scheduler.Now < frozenUntil)
            held.Add((d, state));
        else
            d(state);
    }

    private void Thaw()
    {
        if (scheduler.Now < frozenUntil)
            return;
        foreach (var (callback, state) in held)
            Post(callback, state);
        held.Clear();
    }

    /// <summary>The clock of the process's machine, and its timers.</summary>
    private sealed class InstanceTime(Instance instance) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => new(Start + instance.scheduler.Now + instance.Skew, TimeSpan.Zero);

        public override long GetTimestamp() => instance.scheduler.Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new InstanceTimer(instance, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    private sealed class InstanceTimer(Instance instance, TimerCallback callback, object? state) : ITimer
    {
        private int changes;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var mine = ++changes;
            if (dueTime >= TimeSpan.Zero)
                instance.scheduler.At(instance.scheduler.Now + dueTime.Ticks, () => instance.Post(_ => Fire(mine), null));
            return true;
        }

        public void Dispose() => changes++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int change)
        {
            if (change == changes)
                callback(state);
        }
    }
}

/// <summary>The process died before it answered. Its client can't know what became of the request.</summary>
internal sealed class ConnectionLostException() : Exception("The process died.");
