using System.Collections.Concurrent;

namespace Burrow.Tests.Support;

/// <summary>
/// Runs a test and all the work that it starts on one thread, in the order in which the work became ready. With a clock that only
/// the test moves, every run is the same.
/// </summary>
internal sealed class SingleThread : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> ready = [];

    /// <summary>Runs the test to its end.</summary>
    public static void Run(Func<Task> test)
    {
        var before = Current;
        var context = new SingleThread();
        SetSynchronizationContext(context);
        try
        {
            var running = test();
            running.ContinueWith(_ => context.ready.CompleteAdding(), TaskScheduler.Default);
            foreach (var (callback, state) in context.ready.GetConsumingEnumerable())
                callback(state);
            running.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Runs everything that is ready, and everything that becomes ready meanwhile, until all remaining work waits.</summary>
    public static async Task SettleAsync()
    {
        var context = (SingleThread)Current!;
        do
            await Task.Yield();
        while (context.ready.Count > 0);
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        // Work that becomes ready after the end of the test is dropped.
        if (!ready.IsAddingCompleted)
            ready.Add((d, state));
    }
}
