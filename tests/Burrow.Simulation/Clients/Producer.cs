using Burrow.Queues;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Clients;

/// <summary>A client that numbers its messages, and sends each until it is stored, several at a time.</summary>
internal sealed class Producer(Scheduler scheduler, Requests requests, Chance chance, QueueAddress queue, ProducerName name)
{
    private const int MaxTries = 20;

    private long next;
    private long epoch;
    private bool isBusy;

    /// <summary>Sends some more messages. What is not stored is sent again by the next call.</summary>
    public async Task ProduceAsync()
    {
        if (isBusy)
            return;
        isBusy = true;
        // A new instance of the producer begins. What the old one sent may still be under way.
        var raising = chance.Of(6) ? RaiseAsync() : Task.CompletedTask;
        var isChained = chance.Of(2);
        var numbers = Enumerable.Range(0, chance.Below(1, 5)).Select(i => next + i).ToList();
        var stored = new List<bool>();
        if (isChained)
        {
            // Several are under way: each is stored only behind the one before it.
            stored.AddRange(await Task.WhenAll(numbers.Select(number => SendAsync(number, number == 0 ? null : number - 1))));
        }
        else
        {
            foreach (var number in numbers)
            {
                stored.Add(await SendAsync(number, null));
                if (!stored[^1])
                    break;
            }
        }

        await raising;
        next += stored.TakeWhile(isStored => isStored).Count();
        isBusy = false;
    }

    /// <summary>Has the queue forget the producer, once nothing of it is under way.</summary>
    public async Task ForgetAsync()
    {
        while (isBusy || !await requests.ForgetProducerAsync(queue, name))
            await scheduler.DelayAsync(TimeSpan.FromSeconds(5));
    }

    private async Task RaiseAsync()
    {
        await scheduler.DelayAsync(TimeSpan.FromSeconds(chance.Part()));
        epoch++;
        // Otherwise its first put says it.
        if (chance.Of(2))
            await requests.PutEpochAsync(queue, name, epoch);
    }

    private async Task<bool> SendAsync(long number, long? previous)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            if (await requests.PutNumberedAsync(queue, new($"{name}-{number}"), new(name, number, epoch, previous)))
                return true;
            await scheduler.DelayAsync(TimeSpan.FromSeconds(chance.Part()));
        }

        return false;
    }
}
