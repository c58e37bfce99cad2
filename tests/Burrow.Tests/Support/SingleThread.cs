using System.Collections.Concurrent;

namespace Burrow.Tests.Support;

/// <summary>
/// Runs a test and all that it sets in motion on one thread, in the order in which it was made ready. With a clock that only the
/// test moves, what happens is the same every time.
/// </summary>
internal sealed class SingleThread : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> ready = [];

    /// <summary>Runs it to its end.</summary>
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

    /// <summary>Lets everything run that is ready, and what that makes ready, until there is nothing left to do but wait.</summary>
    public static async Task SettleAsync()
    {
        var context = (SingleThread)Current!;
        do
            await Task.Yield();
        while (context.ready.Count > 0);
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        // What comes after the end of the test is of no interest any more.
        if (!ready.IsAddingCompleted)
            ready.Add((d, state));
    }
}
