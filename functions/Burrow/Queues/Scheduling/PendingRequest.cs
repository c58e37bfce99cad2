using System.Diagnostics;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Scheduling;

/// <summary>A request, and the result for which its caller waits.</summary>
internal sealed class PendingRequest<TRequest, TResult>(TRequest request, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<TResult> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TRequest Request => request;

    /// <summary>The span in which the request was made; null if no listener receives spans.</summary>
    public Activity? Cause { get; } = Instruments.Source.HasListeners() ? Activity.Current : null;

    /// <summary>Counts the rows that are read for the request; null if it is not charged for them.</summary>
    public RowMeter? Meter { get; } = RowMeter.Current;

    public Task<TResult> Result => result.Task;

    /// <summary>Whether the client has gone and the result is of no use.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    public void Complete(TResult value) => result.TrySetResult(value);

    public void Fail(Exception e) => result.TrySetException(e);

    public bool CancelIfAsked() => cancellationToken.IsCancellationRequested && result.TrySetCanceled(cancellationToken);
}
