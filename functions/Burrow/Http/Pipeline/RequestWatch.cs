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
    private readonly ITimer timer;

    public RequestWatch(TimeProvider time)
    {
        Time = time;
        timer = time.CreateTimer(_ => Look(), null, AccessLimits.WatchInterval, AccessLimits.WatchInterval);
    }

    public TimeProvider Time { get; }

    /// <summary>The requests that it looks after now.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return requests.Count;
        }
    }

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

    private void Look()
    {
        RequestContext[] all;
        lock (gate)
            all = [.. requests];
        // They do not wait for one another: for some, storage is asked.
        foreach (var request in all)
            _ = request.CheckAsync();
    }
}
