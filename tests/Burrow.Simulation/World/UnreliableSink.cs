using Burrow.Events.Outbox;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Simulation.Judging;

namespace Burrow.Simulation.World;

/// <summary>The sink of one process's events. It answers late; it may refuse events, or take them and say that it didn't.</summary>
internal sealed class UnreliableSink(
    Instance instance, Scheduler scheduler, Random random, Func<Conditions> conditions, EventsJudge judge) : IEventSink
{
    public Task SendAsync(IReadOnlyList<(QueueAddress Queue, OutboxRow Row)> events, CancellationToken cancellationToken)
    {
        var world = conditions();
        var answer = new TaskCompletionSource();
        var refuses = random.NextDouble() < world.RefusesEvents;
        var takes = !refuses || random.Next(2) == 0;
        var dies = random.NextDouble() < world.Dies;
        scheduler.At(scheduler.Now + Latency(), () =>
        {
            if (takes)
                judge.Told(events);
            if (dies)
                instance.Die();
            else
                scheduler.At(scheduler.Now + Latency(), Answer);
        });
        return answer.Task;

        void Answer()
        {
            if (refuses)
                answer.TrySetException(new EventsNotAcceptedException("simulated", random.Next(2) == 0 ? null : TimeSpan.FromSeconds(5)));
            else
                answer.TrySetResult();
        }

        long Latency() =>
            (long)((random.NextDouble() < world.Slow ? TimeSpan.FromSeconds(20) : world.Latency).Ticks * (0.2 + random.NextDouble()));
    }
}
