using Burrow.Queues;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary>Removes what expired and tidies up, each minute unless the setting says otherwise.</summary>
public sealed class Expiry(QueueEngine queues)
{
    /// <inheritdoc cref="QueueEngine.SweepAsync"/>
    [Function(nameof(Expiry))]
    public Task Run([TimerTrigger("%Burrow:ExpirySchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        queues.SweepAsync(Limits.SweepTime, cancellationToken);
}
