using Burrow.Events.Model;
using Burrow.Events.Outbox;
using Burrow.Events.Signing;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Simulation.World;

/// <summary>
/// A process that serves: an engine with its own caches, clock and chance. It may freeze for a while, and it may die at any
/// moment; nothing of it happens after that but what it had sent to storage.
/// </summary>
internal sealed class Instance : SynchronizationContext
{
    private readonly Scheduler scheduler;
    private readonly List<(SendOrPostCallback Callback, object? State)> held = [];
    private readonly HashSet<Action> connections = [];
    private readonly Queue<Action> inbox = new();
    private long frozenUntil;

    /// <param name="scheduler">Runs it.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="skew">How far its clock is ahead of true time.</param>
    /// <param name="seed">Of its own chance.</param>
    /// <param name="store">Its way to the tables.</param>
    /// <param name="sink">Where its events go; null: nobody wants to hear of anything.</param>
    public Instance(
        Scheduler scheduler, string name, TimeSpan skew, int seed, Func<Instance, ITableStore> store, Func<Instance, IEventSink>? sink)
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
            sink is null ? new NoEventOutbox() : NewAnnouncer(sink(this), tables, time, random));
    }

    public string Name { get; }

    public QueueEngine Engine { get; }

    /// <summary>How far its clock is ahead of true time, in ticks.</summary>
    public long Skew { get; }

    public bool IsDead { get; private set; }

    /// <summary>Called when it does.</summary>
    public required Action Died { get; init; }

    /// <summary>Nothing ever goes wrong around it (<see cref="Conditions.IsCalm"/>).</summary>
    public required bool IsCalm { get; init; }

    /// <summary>When storage failed it.</summary>
    public List<Moment> Failures { get; } = [];

    /// <summary>UTC ticks on its clock at a moment.</summary>
    public long Clock(Moment moment) => Start + moment.Ticks + Skew;

    /// <summary>UTC ticks of true time 0.</summary>
    public static readonly long Start = new DateTime(2026, 3, 1, 0, 0, 30, DateTimeKind.Utc).Ticks;

    /// <summary>Whether storage failed it between two moments.</summary>
    public bool FailedBetween(Moment from, Moment to) => Failures.Exists(failure => failure >= from && failure <= to);

    /// <summary>Nothing of it happens any more. Whoever waits for an answer is told that there will be none.</summary>
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

    /// <summary>Nothing of it happens until then; afterwards it goes on as if nothing had been.</summary>
    public void Freeze(TimeSpan time)
    {
        frozenUntil = Math.Max(frozenUntil, scheduler.Now + time.Ticks);
        scheduler.At(frozenUntil, Thaw);
    }

    /// <summary>A request to this process: what it answers, or that it died. They arrive in the order in which they were sent.</summary>
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

    /// <summary>The real one, but for who signs, which is of no matter here, and who subscribed: somebody did to all.</summary>
    private static EventPublisher NewAnnouncer(IEventSink sink, ITableStore tables, TimeProvider time, Random random) => new(
        sink,
        new EventComposer(new Lazy<EventSigner>(() => throw new InvalidOperationException()), new EventsOptions(), time, random),
        (_, _) => new(EventKinds.Created | EventKinds.Expired),
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

    /// <summary>The clock of its machine, and its timers.</summary>
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

/// <summary>The process died before it answered: what became of the request, nobody knows.</summary>
internal sealed class ConnectionLostException() : Exception("The process died.");
