using Burrow.Benchmarks.Load;
using Burrow.Queues;
using Burrow.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Benchmarks.Floors;

/// <summary>Runs the real engine in this process, without HTTP, to record its requests to storage.</summary>
internal static class Recorder
{
    /// <summary>The queue that the engine works on.</summary>
    public static readonly QueueAddress Queue = new(new("bench"), new("recorded"));

    /// <summary>An engine as one process has it.</summary>
    public static QueueEngine NewEngine(ITableStore store, TimeProvider? time = null) =>
        new(store, time ?? TimeProvider.System, Random.Shared, new BurrowOptions(), NullLogger<QueueEngine>.Instance);

    /// <summary>Puts one message of a benchmark.</summary>
    public static Task PutAsync(QueueEngine engine, long number) =>
        engine.PutAsync(Queue, new(new($"{number:d12}"), Sizes.Body, null, default, Precondition.None), CancellationToken.None);

    /// <summary>Records a closed loop of that many clients.</summary>
    /// <param name="store">An empty store.</param>
    /// <param name="clients">How many clients work at a time.</param>
    /// <param name="operations">How many operations the clients do in all.</param>
    /// <param name="weight">What one operation counts for.</param>
    /// <param name="prepare">Prepares what is there before the operations.</param>
    /// <param name="operation">One operation; each gets its own number.</param>
    public static async Task<Trace> RecordAsync(
        ITableStore store,
        int clients,
        int operations,
        int weight,
        Func<QueueEngine, Task> prepare,
        Func<QueueEngine, long, Task> operation)
    {
        var recording = new RecordingStore(store);
        await recording.CreateAsync(QueueEngine.TableNames, CancellationToken.None);
        var engine = NewEngine(recording);
        await prepare(engine);
        recording.EndSetup();
        var budget = Budget.Of(operations);
        long last = 0;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (budget.TryTake())
                await operation(engine, Interlocked.Increment(ref last));
        })));
        return recording.ToTrace(operations * weight);
    }
}
