using System.Diagnostics.Metrics;
using Burrow.Queues;
using Burrow.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Health;

/// <summary>
/// Reports the depth and the age of the queues to which this process makes the most changes, every
/// <see cref="HealthLimits.SampleInterval"/>. If there is room, it also reports queues that it changed earlier, as long as they hold
/// messages: a queue whose workers are gone gets no changes. While no listener collects these metrics, it does nothing.
/// </summary>
internal sealed partial class QueueSampler : BackgroundService
{
    /// <summary>The process remembers this many times as many queues as it reports.</summary>
    private const int Remembered = 10;

    private readonly Meter meter = new(TelemetryServices.Name);
    private readonly ObservableGauge<long> depth;
    private readonly QueueEngine queues;
    private readonly int max;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    /// <summary>The queues that this process changed, the most recent first.</summary>
    private List<QueueAddress> known = [];

    private IReadOnlyList<(QueueAddress Queue, MessageStatistics Statistics)> samples = [];

    public QueueSampler(QueueEngine queues, TelemetryOptions options, TimeProvider time, ILogger<QueueSampler> logger)
    {
        (this.queues, max, this.time, this.logger) = (queues, options.BusiestQueues, time, logger);
        depth = meter.CreateObservableGauge(
            "burrow.queue.messages",
            () => samples.SelectMany(sample => new Measurement<long>[]
            {
                new(sample.Statistics.Visible, Of(sample.Queue, "visible")),
                new(sample.Statistics.Hidden, Of(sample.Queue, "hidden")),
                new(sample.Statistics.Counts.Dead, Of(sample.Queue, "dead")),
            }),
            "{message}",
            "Messages of the busiest queues: visible, hidden and dead.");
        meter.CreateObservableGauge(
            "burrow.queue.oldest_visible_age",
            () => samples.Select(
                sample => new Measurement<double>(sample.Statistics.OldestVisibleAge?.TotalSeconds ?? 0, Of(sample.Queue, null))),
            "s",
            "Of the busiest queues, how long ago the first visible message was put; 0 where there is none.");
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        queues.Busy.IsEnabled = max > 0 && depth.Enabled;
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (max == 0)
            return;
        using var timer = new PeriodicTimer(HealthLimits.SampleInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            queues.Busy.IsEnabled = depth.Enabled;
            if (depth.Enabled)
                await SampleAsync(stoppingToken);
            else
                samples = [];
        }
    }

    /// <summary>Takes a sample. The process reports its results until the next sample.</summary>
    internal async Task SampleAsync(CancellationToken cancellationToken)
    {
        var busy = queues.Busy.TakeBusiest(max);
        known = [.. busy.Concat(known).Distinct().Take(max * Remembered)];
        var found = new List<(QueueAddress Queue, MessageStatistics Statistics)>();
        foreach (var queue in known.Take(max).ToList())
        {
            try
            {
                var statistics = await queues.StatisticsAsync(queue, cancellationToken);
                if (statistics is not null)
                    found.Add((queue, statistics));
                // The process forgets a queue only if a sample shows that it is empty or gone, not if a sample fails.
                if (statistics is not { Counts.Messages: > 0 })
                    known.Remove(queue);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                NotSampled(e.Message);
            }
        }

        samples = found;
    }

    private static KeyValuePair<string, object?>[] Of(QueueAddress queue, string? state) =>
    [
        new("burrow.account", queue.Account.Value),
        new("messaging.destination.name", queue.Queue.Value),
        .. state is null ? [] : new KeyValuePair<string, object?>[] { new("burrow.state", state) },
    ];

    [LoggerMessage(Level = LogLevel.Warning, Message = "How a queue stands could not be told: {Reason}")]
    private partial void NotSampled(string reason);
}
