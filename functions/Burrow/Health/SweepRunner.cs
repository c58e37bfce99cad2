using System.Diagnostics;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Telemetry;
using Microsoft.Extensions.Logging;

namespace Burrow.Health;

/// <summary>Runs the timer's work, and records that it ran.</summary>
public sealed partial class SweepRunner
{
    private readonly QueueEngine queues;
    private readonly LastSweep last;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    internal SweepRunner(QueueEngine queues, LastSweep last, TimeProvider time, ILogger<SweepRunner> logger) =>
        (this.queues, this.last, this.time, this.logger) = (queues, last, time, logger);

    /// <summary>
    /// Removes expired messages and tidies up, for <see cref="HealthLimits.SweepTime"/> at most. The next run does the rest.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var span = Instruments.Source.StartActivity("sweep");
        var begun = time.GetTimestamp();
        try
        {
            await queues.SweepAsync(HealthLimits.SweepTime, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            span?.SetStatus(ActivityStatusCode.Error);
            Instruments.SweepFailures.Add(1);
            throw;
        }

        Instruments.SweepDuration.Record(time.GetElapsedTime(begun).TotalSeconds);
        try
        {
            await last.WriteAsync(time.GetUtcNow(), cancellationToken);
        }
        catch (TableUnavailableException e)
        {
            NotWritten(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "That the timer ran could not be written down: {Reason}")]
    private partial void NotWritten(string reason);
}
