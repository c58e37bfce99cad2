using Burrow.Events;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary>Visits subscriptions, so that Event Grid holds exactly those that tenants asked for.</summary>
public sealed class ReconcileTrigger(EventGridIntegration eventGrid)
{
    /// <inheritdoc cref="EventGridIntegration.ReconcileAsync"/>
    [Function("Reconcile")]
    public Task Run([TimerTrigger("%Burrow:Events:ReconcileSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        eventGrid.ReconcileAsync(cancellationToken);
}
