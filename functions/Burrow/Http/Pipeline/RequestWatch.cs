using Burrow.Access;

namespace Burrow.Http.Pipeline;

/// <summary>
/// Looks after the requests that are under way for long: those that wait, whose body comes slowly, or whose answer is read slowly. It
/// ends a request when its caller is no longer valid, and a slow transfer that keeps memory which other requests wait for.
/// </summary>
internal sealed class RequestWatch : IDisposable
{
    private readonly Lock gate = new();
    private readonly LinkedList<RequestContext> requests = [];
    private readonly MemoryBudget memory;
    private readonly ITimer timer;
    private int looking;

    public RequestWatch(MemoryBudget memory, TimeProvider time)
    {
        (this.memory, Time) = (memory, time);
        timer = time.CreateTimer(_ => _ = LookAsync(), null, AccessLimits.WatchInterval, AccessLimits.WatchInterval);
    }

    public TimeProvider Time { get; }

    /// <summary>Looks after a request, from now until it is removed.</summary>
    public LinkedListNode<RequestContext> Add(RequestContext request)
    {
        lock (gate)
            return requests.AddLast(request);
    }

    public void Remove(LinkedListNode<RequestContext> node)
    {
        lock (gate)
            requests.Remove(node);
    }

    public void Dispose() => timer.Dispose();

    private async Task LookAsync()
    {
        // One look at a time, however slowly storage answers.
        if (Interlocked.Exchange(ref looking, 1) == 1)
            return;
        try
        {
            RequestContext[] all;
            lock (gate)
                all = [.. requests];
            var isMemoryShort = memory.IsShort;
            await Task.WhenAll(all.Select(request => request.CheckAsync(isMemoryShort)));
        }
        finally
        {
            looking = 0;
        }
    }
}
