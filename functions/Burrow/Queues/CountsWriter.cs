using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Queues;

/// <summary>
/// Writes to storage how much this process put and removed: every few seconds, and once after the process has served its last request.
/// </summary>
internal sealed partial class CountsWriter(
    QueueEngine queues, TimeProvider time, ILogger<CountsWriter> logger) : BackgroundService, IHostedLifecycleService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(QueueLimits.CountsInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await WriteAsync(CancellationToken.None);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => WriteAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await queues.WriteCountsAsync(cancellationToken);
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "How much is stored could not be written down.")]
    private partial void Failed(Exception exception);
}
