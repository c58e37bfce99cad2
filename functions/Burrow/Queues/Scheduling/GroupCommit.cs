using System.Diagnostics;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Scheduling;

/// <summary>
/// Serves concurrent requests together. While one group is under way, new requests wait for the next group, in their order. There is
/// no timer, and no delay when idle. A group only holds requests that arrived before it began.
/// </summary>
/// <param name="kind">The name of these requests in metrics.</param>
/// <param name="serve">Completes every request of a group. If it throws, the requests that it has not completed fail.</param>
/// <param name="weigh">How much a request adds to a group.</param>
/// <param name="heaviest">How much a group may weigh. A group holds at least one request, whatever its weight.</param>
internal sealed class GroupCommit<TRequest, TResult>(
    string kind,
    Func<IReadOnlyList<PendingRequest<TRequest, TResult>>, Task> serve,
    Func<TRequest, int> weigh,
    int heaviest)
{
    private readonly Queue<PendingRequest<TRequest, TResult>> waiting = new();
    private bool running;

    /// <summary>Whether no request is under way or waits.</summary>
    public bool IsIdle
    {
        get
        {
            lock (waiting)
                return !running;
        }
    }

    /// <summary>Waits for the request's turn and its result. A request that is cancelled before its turn is never served.</summary>
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
                    RowMeter.Current = RowMeter.Of([.. group.Select(pending => pending.Meter).OfType<RowMeter>()]);
                    await serve(group);
                }
            }
            catch (Exception e)
            {
                foreach (var pending in group)
                    pending.Fail(e);
            }

            // The caller whose request began this loop gets its answer now. The other requests are served after a yield.
            await Task.Yield();
        }
    }

    /// <summary>
    /// Requests to storage for the whole group appear under the first span that is recorded. The spans of the other requests link to it.
    /// </summary>
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
