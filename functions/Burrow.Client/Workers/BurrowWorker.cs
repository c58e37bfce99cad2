using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Client.Workers;

/// <summary>
/// A hosted service that claims messages, hands each to a handler, and says what became of it. It claims no more messages than it has
/// hands free, so a message is claimed only when its handler begins.
/// </summary>
/// <param name="account">The account.</param>
/// <param name="queues">A queue's name, or a beginning and <c>*</c>.</param>
/// <param name="format">Reads the bodies.</param>
/// <param name="options">How it works.</param>
/// <param name="scopes">Makes the scope of each message.</param>
/// <param name="health">Is told how requests end.</param>
/// <param name="loggers">Make its log.</param>
internal sealed class BurrowWorker<TMessage, THandler>(
    BurrowAccount account,
    string queues,
    BodyFormat<TMessage> format,
    BurrowWorkerOptions options,
    IServiceScopeFactory scopes,
    BurrowHealthCheck health,
    ILoggerFactory loggers) : BackgroundService
    where THandler : class, IMessageHandler<TMessage>
{
    private readonly WorkerLog log = new(loggers.CreateLogger("Burrow.Client.Worker"), queues);
    private readonly SemaphoreSlim hands = new(options.MaxConcurrency);
    private readonly CancellationTokenSource stopped = new(Timeout.InfiniteTimeSpan, account.Time);
    private readonly IQueueSource<TMessage> source = queues.EndsWith('*')
        ? new ManyQueues<TMessage>(account, queues[..^1], format)
        : new OneQueue<TMessage>(account.Of(queues, format));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not on the thread that starts the host.
        await Task.Yield();
        await using var stopping = stoppingToken.Register(() => stopped.CancelAfter(options.StopTime)).ConfigureAwait(false);
        for (var pauses = account.NewPauses(); await TakeHandsAsync(stoppingToken).ConfigureAwait(false) is > 0 and var free;)
        {
            IReadOnlyList<ClaimedMessage<TMessage>> claimed;
            try
            {
                // It is not cancelled: a message that it claims must not be left hidden.
                claimed = await source.ClaimAsync(free, options.Hide, options.PollTime, stoppingToken).ConfigureAwait(false);
                health.Succeeded(queues);
                log.Back();
                pauses.Reset();
            }
            catch (BurrowException e)
            {
                health.Failed(queues, e.Message);
                log.Away(e);
                hands.Release(free);
                await WaitAsync(pauses, stoppingToken).ConfigureAwait(false);
                continue;
            }

            if (claimed.Count < free)
                hands.Release(free - claimed.Count);
            foreach (var message in claimed)
                _ = HandleAsync(message);
        }

        // All hands are back when all handlers have ended.
        for (var i = 0; i < options.MaxConcurrency; i++)
            await hands.WaitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Waits for a free hand, and takes all that are free.</summary>
    /// <returns>How many; 0: the program stops.</returns>
    private async Task<int> TakeHandsAsync(CancellationToken stoppingToken)
    {
        try
        {
            await hands.WaitAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }

        var free = 1;
        while (free < options.BatchSize && hands.Wait(0, CancellationToken.None))
            free++;
        if (!stoppingToken.IsCancellationRequested)
            return free;
        hands.Release(free);
        return 0;
    }

    private static async Task WaitAsync(Pauses pauses, CancellationToken stoppingToken)
    {
        try
        {
            await pauses.WaitAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The program stops, as the loop sees.
        }
    }

    /// <summary>Handles one message. Never throws.</summary>
    private async Task HandleAsync(ClaimedMessage<TMessage> message)
    {
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopped.Token);
            var extending = ExtendAsync(message, ended);
            var (outcome, error) = await RunAsync(message, ended.Token).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            await extending.ConfigureAwait(false);
            if (!message.IsSettled)
                await SettleAsync(message, outcome, error).ConfigureAwait(false);
        }
        catch (BurrowException e)
        {
            // The message comes back when its time is up.
            log.NotSettled(message.Id, e.Message);
        }
        catch (Exception e)
        {
            log.Broken(message.Id, e);
        }
        finally
        {
            hands.Release();
        }
    }

    private async Task<(WorkerOutcome Outcome, Exception? Error)> RunAsync(
        ClaimedMessage<TMessage> message, CancellationToken cancellationToken)
    {
        using var span = ClientTelemetry.BeginProcess(message.Queue, message.Id, message.TraceParent);
        var begun = account.Time.GetTimestamp();
        Exception? error = null;
        var outcome = WorkerOutcome.Done;
        try
        {
            var scope = scopes.CreateAsyncScope();
            await using var ending = scope.ConfigureAwait(false);
            await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (MessageReleasedException)
        {
            outcome = WorkerOutcome.Released;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = WorkerOutcome.Released;
        }
        catch (MessageDeadException e)
        {
            (outcome, error) = (WorkerOutcome.Dead, e);
        }
        catch (MessageFailedException e)
        {
            (outcome, error) = (WorkerOutcome.Failed, e);
        }
        catch (Exception e)
        {
            (outcome, error) = (WorkerOutcome.Failed, e);
            log.Failed(message.Id, message.Deliveries, e);
        }

        ClientTelemetry.EndProcess(span, message.Queue, outcome, error, account.Time.GetElapsedTime(begun));
        return (outcome, error);
    }

    private static Task SettleAsync(ClaimedMessage<TMessage> message, WorkerOutcome outcome, Exception? error) => outcome switch
    {
        WorkerOutcome.Done => message.DoneAsync(),
        WorkerOutcome.Released => message.ReleasedAsync(),
        WorkerOutcome.Dead => message.DeadAsync(error!.Message),
        _ => message.FailedAsync(error!.Message, (error as MessageFailedException)?.Hide),
    };

    /// <summary>Extends the claim until the handler has ended, and cancels the handler if the claim is lost.</summary>
    private async Task ExtendAsync(ClaimedMessage<TMessage> message, CancellationTokenSource ended)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ended.Token, message.Settled);
        try
        {
            for (var pause = options.Hide / 2; ;)
            {
                await Task.Delay(pause, account.Time, over.Token).ConfigureAwait(false);
                try
                {
                    await message.ExtendAsync(options.Hide, over.Token).ConfigureAwait(false);
                    pause = options.Hide / 2;
                }
                catch (BurrowException e) when (e is not BurrowClaimLostException && account.Time.GetUtcNow() < message.Until)
                {
                    // There is still time to try again.
                    pause = options.Hide / 10;
                }
                catch (BurrowException)
                {
                    log.Lost(message.Id);
                    await ended.CancelAsync().ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The handler has ended.
        }
    }
}

/// <summary>What a handler made of a message.</summary>
internal enum WorkerOutcome
{
    Done,
    Failed,
    Released,
    Dead,
}
