using System.Diagnostics;
using Burrow.Telemetry;

namespace Burrow.Queues.Scheduling;

/// <summary>
/// Serves concurrent requests together: while one group is under way, those that arrive wait for the next, in their order. No
/// timer and no delay when idle. A group only holds requests that came before it began.
/// </summary>
/// <param name="kind">What they are, for whoever measures.</param>
/// <param name="serve">Completes every request of a group; what it throws fails those it has not completed.</param>
/// <param name="weigh">How much a request adds to a group.</param>
/// <param name="heaviest">How much a group may weigh; it holds at least one request.</param>
internal sealed class GroupCommit<TRequest, TResult>(
    string kind,
    Func<IReadOnlyList<PendingRequest<TRequest, TResult>>, Task> serve,
    Func<TRequest, int> weigh,
    int heaviest)
{
    private readonly Queue<PendingRequest<TRequest, TResult>> waiting = new();
    private bool running;

    /// <summary>Whether nothing is under way or waits.</summary>
    public bool IsIdle
    {
        get
        {
            lock (waiting)
                return !running;
        }
    }

    /// <summary>Waits for the request's turn and its result. Cancelled before its turn, it is never served.</summary>
    public async Task<TResult> SubmitAsync(TRequest request, CancellationToken cancellationToken)
    {
        var pending = new PendingRequest<TRequest, TResult>(request, cancellationToken);
        bool first;
        lock (waiting)
        {
            waiting.Enqueue(pending);
            first = !running;
            running = true;
        }

        if (first)
            _ = ServeAllAsync();
        return await pending.Result;
    }

    private async Task ServeAllAsync()
    {
        while (TakeGroup() is { } group)
        {
            try
            {
                if (group.Count > 0)
                {
                    Observe(group);
                    await serve(group);
                }
            }
            catch (Exception e)
            {
                foreach (var pending in group)
                    pending.Fail(e);
            }

            // Whoever's request began this loop gets its answer now; the others are served on another turn.
            await Task.Yield();
        }
    }

    /// <summary>What is asked of storage for all of them is told beneath the first that is recorded, with which the others are linked.</summary>
    private void Observe(List<PendingRequest<TRequest, TResult>> group)
    {
        Instruments.GroupSize.Record(group.Count, new KeyValuePair<string, object?>("burrow.operation", kind));
        if (!Instruments.Source.HasListeners())
            return;
        var causes = group.Select(pending => pending.Cause).OfType<Activity>().Distinct().ToList();
        var first = causes.Find(cause => cause.Recorded);
        Activity.Current = first ?? causes.FirstOrDefault();
        if (first is null)
            return;
        foreach (var other in causes.Where(cause => cause.Recorded && cause != first))
            other.AddLink(new(first.Context));
    }

    private List<PendingRequest<TRequest, TResult>>? TakeGroup()
    {
        lock (waiting)
        {
            if (waiting.Count == 0)
            {
                running = false;
                return null;
            }

            var group = new List<PendingRequest<TRequest, TResult>>();
            var weight = 0;
            while (waiting.TryPeek(out var next))
            {
                if (next.CancelIfAsked())
                {
                    waiting.Dequeue();
                    continue;
                }

                weight += weigh(next.Request);
                if (group.Count > 0 && weight > heaviest)
                    break;
                group.Add(waiting.Dequeue());
            }

            return group;
        }
    }
}
