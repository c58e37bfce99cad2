using Burrow.Health;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary>Removes what expired and tidies up, each minute unless the setting says otherwise.</summary>
public sealed class Expiry(Sweeper sweeper)
{
    /// <inheritdoc cref="Sweeper.RunAsync"/>
    [Function(nameof(Expiry))]
    public Task Run([TimerTrigger("%Burrow:ExpirySchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        sweeper.RunAsync(cancellationToken);
}
