namespace Burrow.Simulation.World;

/// <summary>A moment of a simulation: its place in the order of all that happens, and the true time, in ticks.</summary>
internal readonly record struct Moment(long Order, long Ticks)
{
    public static readonly Moment End = new(long.MaxValue, long.MaxValue);

    public static bool operator <(Moment left, Moment right) => left.Order < right.Order;

    public static bool operator >(Moment left, Moment right) => left.Order > right.Order;

    public static bool operator <=(Moment left, Moment right) => left.Order <= right.Order;

    public static bool operator >=(Moment left, Moment right) => left.Order >= right.Order;
}

/// <summary>
/// Runs a whole world on one thread. It picks the next callback at random from those that are ready. When none is ready, time jumps
/// to the next action. So the same seed gives the same history, however long its waits are.
/// </summary>
internal sealed class Scheduler(int seed) : SynchronizationContext
{
    /// <summary>More steps than any seed needs. A simulation that takes more runs in circles.</summary>
    private const int MaxSteps = 5_000_000;

    private readonly Random random = new(seed);
    private readonly List<(SynchronizationContext Context, SendOrPostCallback Callback, object? State)> ready = [];
    private readonly PriorityQueue<Action, (long Ticks, long Order)> later = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private long order;
    private Violation? violation;

    /// <summary>True time, in ticks since the beginning.</summary>
    public long Now { get; private set; }

    /// <summary>A new moment, after all earlier ones.</summary>
    public Moment Next() => new(++order, Now);

    /// <summary>Runs a task to its end, and with it all that the task starts.</summary>
    public void Run(Func<Task> main)
    {
        var before = Current;
        try
        {
            SetSynchronizationContext(this);
            var running = main();
            for (var steps = 0; !running.IsCompleted; steps++)
            {
                if (steps > MaxSteps)
                    throw new Violation("The simulation goes round in circles.");
                Step();
                if (violation is not null)
                    throw violation;
            }

            running.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Calls an action at a true time, in ticks, in the context of the world itself. A time in the past counts as now.</summary>
    public void At(long ticks, Action action) => later.Enqueue(action, (Math.Max(ticks, Now), ++order));

    public void Post(SynchronizationContext context, SendOrPostCallback callback, object? state)
    {
        if (Environment.CurrentManagedThreadId != thread)
            throw new InvalidOperationException("Something left the simulation's thread.");
        ready.Add((context, callback, state));
    }

    /// <summary>Ends the run with a violation. What follows it is of no interest.</summary>
    public void Fail(Violation why) => violation ??= why;

    public override void Post(SendOrPostCallback d, object? state) => Post(this, d, state);

    /// <summary>Completes after this time.</summary>
    public Task DelayAsync(TimeSpan time)
    {
        var done = new TaskCompletionSource();
        At(Now + time.Ticks, done.SetResult);
        return done.Task;
    }

    private void Step()
    {
        if (ready.Count > 0)
        {
            var i = random.Next(ready.Count);
            var (context, callback, state) = ready[i];
            ready[i] = ready[^1];
            ready.RemoveAt(ready.Count - 1);
            SetSynchronizationContext(context);
            callback(state);
            SetSynchronizationContext(this);
        }
        else if (later.TryDequeue(out var action, out var when))
        {
            Now = when.Ticks;
            action();
        }
        else
        {
            throw new Violation("Nothing is left that could happen, and a task still waits.");
        }
    }
}
