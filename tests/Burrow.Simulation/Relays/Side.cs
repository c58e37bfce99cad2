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
    private readonly Processes processes;
    private readonly Action<Func<string>> trace;
    private readonly Func<Side, Instance, IRelayWire> wire;
    private Conditions conditions;

    public Side(
        string name,
        Scheduler scheduler,
        Random random,
        Conditions conditions,
        Func<Side, Instance, IRelayWire> wire,
        Action<Func<string>> trace)
    {
        (Name, this.scheduler, this.conditions, this.wire, this.trace) = (name, scheduler, conditions, wire, trace);
        Judge = new RelayJudge(this, scheduler, trace);
        processes = new(
            scheduler,
            random,
            () => this.conditions,
            name,
            Start,
            engine => engine.SweepAsync(HealthLimits.SweepTime, CancellationToken.None));
    }

    public string Name { get; }

    public MemoryTableStore Tables { get; } = new();

    public RelayJudge Judge { get; }

    public Conditions Conditions => conditions;

    /// <summary>A process that is alive or about to be replaced.</summary>
    public Instance Any() => processes.Any();

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

    private Instance Start(NewProcess process) => new(
        scheduler,
        process.Name,
        process.Skew,
        process.Seed,
        instance => new UnreliableStore(Tables, instance, scheduler, process.Chance, () => conditions, Judge, trace),
        null,
        instance => wire(this, instance))
    {
        IsCalm = false,
        Died = process.Died,
    };
}
