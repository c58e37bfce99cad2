using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Queues.Rows;
using Burrow.Simulation.World;
using Burrow.Tables;

namespace Burrow.Simulation.Relays;

/// <summary>
/// The line from one process to the other side. It is slow; it loses requests and answers, and repeats requests, late ones too. What
/// arrives is served as the endpoint of batches serves it.
/// </summary>
internal sealed class UnreliableWire(Scheduler scheduler, Random random, Func<Side> other, Func<WireConditions> conditions) : IRelayWire
{
    private static readonly WaitOptions Wait = new(ProducerLimits.Wait, 1000, null);

    public int BatchMessages => conditions().BatchMessages;

    public Task<RelayAnswer> SendAsync(Relay relay, QueueName queue, RelayBatch batch, CancellationToken cancellationToken) =>
        CallAsync(engine => batch.IsOfChanges
            ? ChangeAllAsync(engine, new(relay.Account, queue), batch)
            : PutAllAsync(engine, new(relay.Account, queue), batch));

    public Task<RelayAnswer> AskAsync(Relay relay, QueueName queue, ProducerName producer, CancellationToken cancellationToken) =>
        CallAsync(async engine =>
        {
            var state = await engine.Producers.GetAsync(new(relay.Account, queue), producer, CancellationToken.None);
            var stamp = await engine.Relays.StampAsync(CancellationToken.None);
            return new(200) { Last = state?.Last, Epoch = state?.Epoch ?? 0, Stamp = stamp };
        });

    public Task<RelayAnswer> ListAsync(
        Relay relay, QueueName queue, ProducerName producer, string? after, CancellationToken cancellationToken) =>
        CallAsync(async engine =>
        {
            var marker = after is null ? (MessageId?)null : new(after);
            var (came, next) = await engine.Relays.CameAsync(new(relay.Account, queue), producer, marker, CancellationToken.None);
            return new(200) { Came = came, Next = next?.Value };
        });

    private static async Task<RelayAnswer> ChangeAllAsync(QueueEngine engine, QueueAddress queue, RelayBatch batch)
    {
        var changes = batch.Messages.Select(ChangeOf).ToList();
        var answer = await TryAsync(
            200, engine.MirrorAsync(queue, batch.Producer, batch.Epoch, changes, CancellationToken.None));
        return new(200) { Items = [.. batch.Messages.Select(_ => answer)] };

        static RelayedChange ChangeOf(RelayRow message) => message.IsGone
            ? new(message.Id, message.Sequence.Value) { IsGone = true }
            : new(message.Id, message.Sequence.Value)
            {
                ExpiresAt = message.ExpiresAt,
                VisibleAt = message.VisibleAt,
                DiedAt = message.DiedAt,
                ContentType = message.ContentType,
                TraceParent = message.TraceParent,
                Causes = message.Causes,
                Body = message.Body,
            };
    }

    private static async Task<RelayAnswer> PutAllAsync(QueueEngine engine, QueueAddress queue, RelayBatch batch)
    {
        var stamp = await engine.Relays.StampAsync(CancellationToken.None) ?? throw new UnavailableException("no stamp");
        if (batch.Messages.Count == 0)
            await engine.Producers.PutEpochAsync(queue, batch.Producer, batch.Epoch, CancellationToken.None);
        if (batch.Previous is { } before)
            await engine.WaitForTurnAsync(queue, batch.Producer, batch.Epoch, before, Wait, CancellationToken.None);
        var puts = new List<Task<RelayedItem>>();
        var previous = batch.Previous;
        foreach (var message in batch.Messages)
        {
            var number = message.Sequence.Value;
            var stamps = batch.StampsOf(message);
            var request = new PutRequest(message.Id, message.Body, message.ContentType, new(null, null), Precondition.MustNotExist)
            {
                TraceParent = message.TraceParent,
                Priority = message.Priority,
                Group = message.Group,
                Number = new(batch.Producer, number, batch.Epoch, batch.Previous is null ? null : previous),
                Relayed = new(message.Inserted, message.ExpiresAt, message.VisibleAt, new(batch.Producer, number, stamps))
                {
                    Own = message.Own,
                    IsGone = message.IsGone,
                    IsFromHere = stamps.Contains(stamp),
                },
            };
            puts.Add(TryAsync(201, engine.PutAsync(queue, request, CancellationToken.None)));
            previous = number;
        }

        return new(200) { Items = await Task.WhenAll(puts), Stamp = stamp };
    }

    private static async Task<RelayedItem> TryAsync(int status, Task done)
    {
        try
        {
            await done;
            return new(status, null);
        }
        catch (OutOfTurnException e) when (e.IsMissing)
        {
            return new(424, e.Message);
        }
        catch (BurrowException e)
        {
            return new(e.Status, e.Message);
        }
        catch (TableUnavailableException)
        {
            return new(503, "Storage does not answer.");
        }
    }

    private Task<RelayAnswer> CallAsync(Func<QueueEngine, Task<RelayAnswer>> serve)
    {
        var world = conditions();
        var answer = new TaskCompletionSource<RelayAnswer>();
        var isCut = world.Cuts.Any(cut => cut.From <= scheduler.Now && scheduler.Now < cut.To);
        if (isCut || random.NextDouble() < world.LosesRequests)
            After(Latency(), () => answer.TrySetResult(new(0) { Text = "lost" }));
        else
            After(Latency(), () => ArriveAsync(isRepeat: false));
        if (!isCut && random.NextDouble() < world.Repeats)
            After(TimeSpan.FromSeconds(60 * random.NextDouble()), () => ArriveAsync(isRepeat: true));
        return answer.Task;

        async void ArriveAsync(bool isRepeat)
        {
            RelayAnswer result;
            try
            {
                result = await other().Any().RequestAsync(serve);
            }
            catch (OutOfTurnException e)
            {
                result = new(409) { Text = e.Message };
            }
            catch (Exception e) when (e is BurrowException or TableUnavailableException or ConnectionLostException)
            {
                result = new(503) { Text = e.Message };
            }

            if (isRepeat)
                return;
            var isLost = random.NextDouble() < world.LosesAnswers;
            After(Latency(), () => answer.TrySetResult(isLost ? new(0) { Text = "lost" } : result));
        }

        void After(TimeSpan time, Action action) => scheduler.At(scheduler.Now + time.Ticks, action);

        TimeSpan Latency() => (random.NextDouble() < world.Slow ? TimeSpan.FromSeconds(15) : world.Latency) * (0.2 + random.NextDouble());
    }
}

/// <summary>What the line between the two sides is like.</summary>
internal sealed record WireConditions(
    TimeSpan Latency, double Slow, double LosesRequests, double LosesAnswers, double Repeats, IReadOnlyList<(long From, long To)> Cuts,
    int BatchMessages)
{
    /// <summary>The line after all trouble.</summary>
    public static readonly WireConditions Calm = new(TimeSpan.FromMilliseconds(10), 0, 0, 0, 0, [], RelayLimits.BatchMessages);

    public static WireConditions Draw(Random random)
    {
        return new(
            TimeSpan.FromMilliseconds(Pick(1, 50, 300)),
            Pick(0, 0, 0.05, 0.2),
            Pick(0, 0.02, 0.2),
            Pick(0, 0.02, 0.2),
            Pick(0, 0.05, 0.3),
            [.. Enumerable.Range(0, Math.Max(0, random.Next(-1, 3))).Select(_ => Cut())],
            random.Next(2) == 0 ? random.Next(1, 6) : RelayLimits.BatchMessages);

        double Pick(params double[] values) => values[random.Next(values.Length)];

        (long, long) Cut()
        {
            var from = TimeSpan.FromSeconds(random.Next(180)).Ticks;
            return (from, from + TimeSpan.FromSeconds(random.Next(1, 90)).Ticks);
        }
    }
}
