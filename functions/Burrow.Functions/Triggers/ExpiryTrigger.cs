using Burrow.Health;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary>Removes expired messages and tidies up, every minute unless the setting says otherwise.</summary>
public sealed class ExpiryTrigger(SweepRunner sweeper)
{
    /// <inheritdoc cref="SweepRunner.RunAsync"/>
    [Function("Expiry")]
    public Task Run([TimerTrigger("%Burrow:ExpirySchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        sweeper.RunAsync(cancellationToken);
}
