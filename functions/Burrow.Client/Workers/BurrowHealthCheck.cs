using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Burrow.Client.Workers;

/// <summary>
/// Whether the program's workers reach the service. It asks the service for nothing: it tells how the last request of each worker ended.
/// <c>services.AddHealthChecks().AddCheck&lt;BurrowHealthCheck&gt;("burrow")</c> adds it.
/// </summary>
public sealed class BurrowHealthCheck : IHealthCheck
{
    private readonly ConcurrentDictionary<string, string> failing = new();

    /// <summary>Healthy, or what the workers' last requests failed by.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var reasons = failing.ToArray();
        return Task.FromResult(reasons.Length == 0
            ? HealthCheckResult.Healthy("Every worker's last request was answered.")
            : new HealthCheckResult(
                context.Registration.FailureStatus,
                string.Join(' ', reasons.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}: {one.Value}"))));
    }

    internal void Succeeded(string queues) => failing.TryRemove(queues, out _);

    internal void Failed(string queues, string reason) => failing[queues] = reason;
}
