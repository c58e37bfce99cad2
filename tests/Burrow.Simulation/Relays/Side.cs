using Burrow.Health;
using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Simulation.World;
using Burrow.Tables;
using Burrow.Tables.Memory;

namespace Burrow.Simulation.Relays;

/// <summary>One deployment of the two: its storage, its processes with their clocks and timers, and what its judge knows.</summary>
internal sealed class Side
{
    private readonly Scheduler scheduler;
    private readonly Random random;
    private readonly List<Instance> instances = [];
    private readonly Action<Func<string>> trace;
    private readonly Func<Side, Instance, IRelayWire> wire;
    private Conditions conditions;
    private int started;

    public Side(
        string name,
        Scheduler scheduler,
        Random random,
        Conditions conditions,
        Func<Side, Instance, IRelayWire> wire,
        Action<Func<string>> trace)
    {
        (Name, this.scheduler, this.random, this.conditions, this.wire, this.trace) = (name, scheduler, random, conditions, wire, trace);
        Judge = new RelayJudge(this, scheduler, trace);
        for (var i = 0; i < conditions.Instances; i++)
        {
            instances.Add(Start(i));
            RunTimerAsync(i);
        }
    }

    public string Name { get; }

    public MemoryTableStore Tables { get; } = new();

    public RelayJudge Judge { get; }

    public Conditions Conditions => conditions;

    /// <summary>A process that is alive or about to be replaced.</summary>
    public Instance Any() => instances[random.Next(instances.Count)];

    /// <summary>From now on nothing goes wrong.</summary>
    public void CalmDown() => conditions = conditions.Calmed();

    /// <summary>Sends a request to a process.</summary>
    /// <returns>The answer; the default value where the request was refused, failed or was lost.</returns>
    public async Task<T?> SendAsync<T>(Func<QueueEngine, Task<T>> request)
    {
        try
        {
            return await Any().RequestAsync(request);
        }
        catch (Exception e)
            when (e is BurrowException or TableUnavailableException or ConnectionLostException or OperationCanceledException)
        {
            return default;
        }
    }

    private Instance Start(int number)
    {
        var chance = new Random(random.Next());
        return new(
            scheduler,
            $"{Name}{++started}",
            conditions.Skew * (2 * random.NextDouble() - 1),
            random.Next(),
            instance => new UnreliableStore(Tables, instance, scheduler, chance, () => conditions, Judge, trace),
            null,
            instance => wire(this, instance))
        {
            IsCalm = false,
            Died = () => scheduler.At(
                scheduler.Now + (long)(TimeSpan.FromSeconds(5).Ticks * random.NextDouble()), () => instances[number] = Start(number)),
        };
    }

    private async void RunTimerAsync(int number)
    {
        await scheduler.DelayAsync(TimeSpan.FromMinutes(random.NextDouble()));
        while (true)
        {
            _ = SweepAsync(instances[number]);
            await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
        }
    }

    private static async Task SweepAsync(Instance instance)
    {
        try
        {
            await instance.RequestAsync(async engine =>
            {
                await engine.SweepAsync(HealthLimits.SweepTime, CancellationToken.None);
                return true;
            });
        }
        catch (Exception e) when (e is TableUnavailableException or UnavailableException or ConnectionLostException)
        {
            // The next visit continues.
        }
    }
}
