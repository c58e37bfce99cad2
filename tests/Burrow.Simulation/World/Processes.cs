using Burrow.Queues;
using Burrow.Tables;

namespace Burrow.Simulation.World;

/// <summary>The processes on one storage account, with their timers. One that dies is replaced some seconds later.</summary>
internal sealed class Processes
{
    private readonly List<Instance> instances = [];
    private readonly Scheduler scheduler;
    private readonly Random random;
    private readonly Func<Conditions> conditions;
    private readonly string name;
    private readonly Func<NewProcess, Instance> start;
    private readonly Func<QueueEngine, Task> visit;
    private int started;

    /// <param name="scheduler">Runs the processes.</param>
    /// <param name="random">Decides what happens.</param>
    /// <param name="conditions">What goes wrong now.</param>
    /// <param name="name">The beginning of their names.</param>
    /// <param name="start">Starts one.</param>
    /// <param name="visit">What the timer of each does in a minute.</param>
    public Processes(
        Scheduler scheduler,
        Random random,
        Func<Conditions> conditions,
        string name,
        Func<NewProcess, Instance> start,
        Func<QueueEngine, Task> visit)
    {
        (this.scheduler, this.random, this.conditions, this.name, this.start, this.visit) =
            (scheduler, random, conditions, name, start, visit);
        for (var i = 0; i < conditions().Instances; i++)
        {
            instances.Add(Start(i));
            RunTimerAsync(i);
        }
    }

    /// <summary>A process that is alive or about to be replaced.</summary>
    public Instance Any() => instances[random.Next(instances.Count)];

    /// <summary>Ends all, and starts others in their place, which remember nothing.</summary>
    public void Restart()
    {
        for (var i = 0; i < instances.Count; i++)
        {
            instances[i].Die();
            instances[i] = Start(i);
        }
    }

    /// <summary>Does in a process what its timer does.</summary>
    public async Task VisitAsync(Instance instance)
    {
        try
        {
            await instance.RequestAsync(async engine =>
            {
                await visit(engine);
                return true;
            });
        }
        catch (Exception e) when (e is TableUnavailableException or UnavailableException or ConnectionLostException)
        {
            // The next visit continues.
        }
    }

    private Instance Start(int number)
    {
        var chance = new Random(random.Next());
        return start(new(
            $"{name}{++started}",
            conditions().Skew * (2 * random.NextDouble() - 1),
            random.Next(),
            chance,
            () => scheduler.At(
                scheduler.Now + (long)(TimeSpan.FromSeconds(5).Ticks * random.NextDouble()), () => instances[number] = Start(number))));
    }

    /// <summary>Runs a process's timer each minute. A run may still be under way when the next begins.</summary>
    private async void RunTimerAsync(int number)
    {
        await scheduler.DelayAsync(TimeSpan.FromMinutes(random.NextDouble()));
        while (true)
        {
            _ = VisitAsync(instances[number]);
            await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
        }
    }
}

/// <summary>A process that is about to start.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Skew">How far its clock is ahead of true time.</param>
/// <param name="Seed">The seed of its own random numbers.</param>
/// <param name="Chance">Decides what goes wrong around it.</param>
/// <param name="Died">To be called when it dies.</param>
internal sealed record NewProcess(string Name, TimeSpan Skew, int Seed, Random Chance, Action Died);
