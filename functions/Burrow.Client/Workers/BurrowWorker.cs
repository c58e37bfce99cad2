using System.Collections.Concurrent;
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
    /// <summary>How much longer than it waits at the service a claim may take when the program stops.</summary>
    private static readonly TimeSpan LastClaim = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);
    private const int RestingPerHand = 10;

    private readonly WorkerLog log = new(loggers.CreateLogger("Burrow.Client.Worker"), queues);
    private readonly SemaphoreSlim hands = new(options.MaxConcurrency);

    /// <summary>Room for messages that rest without a hand. Each is held in memory, and its claim extended.</summary>
    private readonly SemaphoreSlim rests = new(RestingPerHand * options.MaxConcurrency);
    private readonly ConcurrentDictionary<ClaimedMessage<TMessage>, Task> handled = new();
    private readonly CancellationTokenSource stopped = new(Timeout.InfiniteTimeSpan, account.Time);
    private readonly CancellationTokenSource noMoreClaims = new(Timeout.InfiniteTimeSpan, account.Time);
    private readonly IQueueSource<TMessage> source = queues.EndsWith('*')
        ? new ManyQueues<TMessage>(account, queues[..^1], format)
        : new OneQueue<TMessage>(account.Of(queues, format));

    /// <summary>Of a claim's time, so that several attempts to extend it, or to say what became of it, have room in it.</summary>
    private TimeSpan AttemptTimeout => options.Hide / 6 > ShortestAttempt ? options.Hide / 6 : ShortestAttempt;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not on the thread that starts the host.
        await Task.Yield();
        await using var stopping = stoppingToken.Register(() =>
        {
            stopped.CancelAfter(options.StopTime);
            noMoreClaims.CancelAfter(options.PollTime + LastClaim);
        }).ConfigureAwait(false);
        for (var pauses = account.NewPauses(); await TakeHandsAsync(stoppingToken).ConfigureAwait(false) is > 0 and var free;)
        {
            var claimed = await ClaimAsync(free, stoppingToken).ConfigureAwait(false);
            if (claimed is null)
            {
                hands.Release(free);
                await WaitAsync(pauses, stoppingToken).ConfigureAwait(false);
                continue;
            }

            pauses.Reset();
            if (claimed.Count < free)
                hands.Release(free - claimed.Count);
            foreach (var message in claimed)
            {
                // Each on a thread of the pool: a handler that never waits must not keep the others from beginning.
                var handling = Task.Run(() => HandleAsync(message, stoppingToken), CancellationToken.None);
                handled[message] = handling;
                _ = handling.ContinueWith(_ => handled.TryRemove(message, out var _), TaskScheduler.Default);
            }
        }

        await Task.WhenAll(handled.Values).ConfigureAwait(false);
    }

    /// <summary>Claims messages. The program's stop does not cancel it: a message that it claims must not be left hidden.</summary>
    /// <returns>Null: the service is away.</returns>
    private async Task<IReadOnlyList<ClaimedMessage<TMessage>>?> ClaimAsync(int limit, CancellationToken stoppingToken)
    {
        try
        {
            var claimed = await source.ClaimAsync(limit, options.Hide, options.PollTime, stoppingToken, noMoreClaims.Token)
                .ConfigureAwait(false);
            health.Succeeded(queues);
            log.Back();
            return claimed;
        }
        catch (BurrowException e)
        {
            health.Failed(queues, e.Message);
            log.Away(e);
        }
        catch (OperationCanceledException) when (noMoreClaims.IsCancellationRequested)
        {
            // The program stops, and the service is away.
        }

        return null;
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
    private async Task HandleAsync(ClaimedMessage<TMessage> message, CancellationToken stoppingToken)
    {
        var hand = new Hand(hands);
        try
        {
            using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(stopped.Token);
            using var ended = new CancellationTokenSource();
            var extending = ExtendAsync(message, cancelled, ended.Token);
            var (outcome, error) = await RunAsync(message, cancelled.Token).ConfigureAwait(false);
            if (outcome == WorkerOutcome.Failed && error is not MessageFailedException { Hide: not null } && !message.IsSettled)
                await RestAsync(hand, message.Deliveries, cancelled.Token, stoppingToken).ConfigureAwait(false);

            await ended.CancelAsync().ConfigureAwait(false);
            await extending.ConfigureAwait(false);
            if (!message.IsSettled)
                await SettleAsync(message, outcome, error).ConfigureAwait(false);
        }
        catch (Exception e) when (e is BurrowException or OperationCanceledException)
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
            hand.Release();
        }
    }

    /// <summary>
    /// Waits before it is said that a message has failed again. A policy may bring it back at once, into its old place: without a pause it
    /// would fail as fast as the service can, before all others. It stays claimed meanwhile, and its hand is free.
    /// </summary>
    private async Task RestAsync(Hand hand, int deliveries, CancellationToken cancelled, CancellationToken stoppingToken)
    {
        if (deliveries < 2)
            return;
        var hasRoom = rests.Wait(0, CancellationToken.None);
        if (hasRoom)
            hand.Release();
        var rest = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(deliveries, 30) - 2));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancelled, stoppingToken);
        try
        {
            await Task.Delay(rest < LongestRest ? rest : LongestRest, account.Time, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The program stops, or the claim was lost.
        }
        finally
        {
            if (hasRoom)
                rests.Release();
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

    private Task SettleAsync(ClaimedMessage<TMessage> message, WorkerOutcome outcome, Exception? error) => message.SettleAsync(
        outcome.ToString().ToLowerInvariant(),
        outcome is WorkerOutcome.Failed or WorkerOutcome.Dead ? error!.Message : null,
        (error as MessageFailedException)?.Hide,
        AttemptTimeout,
        stopped.Token);

    /// <summary>Extends the claim until the handler has ended, and cancels the handler if the claim is lost.</summary>
    private async Task ExtendAsync(ClaimedMessage<TMessage> message, CancellationTokenSource cancelled, CancellationToken ended)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ended, message.Settled);
        for (var pause = options.Hide / 2; ;)
        {
            try
            {
                await Task.Delay(pause, account.Time, over.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // The handler's end does not cancel it: if the service carries it out, the receipt is another one.
            using var late = new CancellationTokenSource(message.Left, account.Time);
            try
            {
                await message.ExtendAsync(options.Hide, Repeat.Never, AttemptTimeout, late.Token).ConfigureAwait(false);
                pause = options.Hide / 2;
                continue;
            }
            catch (InvalidOperationException) when (message.IsSettled)
            {
                // The handler said what became of it while this waited for its turn.
                return;
            }
            catch (BurrowException e) when (e is not BurrowClaimLostException && message.Left > TimeSpan.Zero)
            {
                // There is still time to try again.
                pause = message.Left < options.Hide / 10 ? message.Left : options.Hide / 10;
                continue;
            }
            catch (Exception e) when (e is BurrowException or OperationCanceledException)
            {
                // The claim is lost, or its time is up and the service is away.
            }

            // The handler itself may have said what became of the message.
            if (message.IsLost || !message.IsSettled)
            {
                log.Lost(message.Id);
                await cancelled.CancelAsync().ConfigureAwait(false);
            }

            return;
        }
    }

    /// <summary>One of the hands of a worker, given back once.</summary>
    private sealed class Hand(SemaphoreSlim hands)
    {
        private bool isReleased;

        public void Release()
        {
            if (!isReleased)
                hands.Release();
            isReleased = true;
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
