using Burrow.Health;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary>Removes what expired and tidies up, each minute unless the setting says otherwise.</summary>
public sealed class ExpiryTrigger(SweepRunner sweeper)
{
    /// <inheritdoc cref="SweepRunner.RunAsync"/>
    [Function("Expiry")]
    public Task Run([TimerTrigger("%Burrow:ExpirySchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        sweeper.RunAsync(cancellationToken);
}
