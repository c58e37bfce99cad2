using Burrow.Queues;
using Burrow.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Health;

/// <summary>
/// Creates the tables once, when the process starts. If its identity may not create them, it only logs this, because the tables may exist.
/// When the process stops, it ends the requests that wait for messages.
/// </summary>
internal sealed partial class StartupService(
    ITableStore store,
    QueueEngine queues,
    Readiness readiness,
    IHostApplicationLifetime application,
    ILogger<StartupService> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        application.ApplicationStopping.Register(queues.StopWaiting);
        readiness.Start();
        try
        {
            await store.CreateAsync(Readiness.Tables, cancellationToken);
        }
        catch (TableUnavailableException e)
        {
            NotCreated(e.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The tables could not be created; requests fail unless they exist. {Reason}")]
    private partial void NotCreated(string reason);
}
