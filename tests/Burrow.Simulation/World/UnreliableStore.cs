using Burrow.Tables;
using Burrow.Tables.Memory;

namespace Burrow.Simulation.World;

/// <summary>
/// The tables as one process reaches them, over a network. Each request takes its time, so that concurrent ones overtake each
/// other. A request may fail before, after or without being carried out, be cut short, or be the last of the process.
/// </summary>
internal sealed class UnreliableStore(
    MemoryTableStore tables,
    Instance instance,
    Scheduler scheduler,
    Random random,
    Func<Conditions> conditions,
    ICommitObserver observer,
    Action<Func<string>> trace) : ITableStore
{
    public ITable Open(string name) => new UnreliableTable(this, tables.Open(name), name);

    public Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken) => Task.CompletedTask;

    private Task<T> CallAsync<T>(string what, Func<T> carryOut, CancellationToken cancellationToken)
    {
        var world = conditions();
        var answer = new TaskCompletionSource<T>();
        if (cancellationToken.CanBeCanceled)
            cancellationToken.UnsafeRegister(_ => answer.TrySetCanceled(cancellationToken), null);
        var fate = Draw(world);
        if (random.NextDouble() < world.Freezes)
            instance.Freeze(TimeSpan.FromSeconds(20 * random.NextDouble()));
        scheduler.At(scheduler.Now + Latency(world), Arrive);
        return answer.Task;

        void Arrive()
        {
            trace(() => $"    {TimeSpan.FromTicks(scheduler.Now)} {instance.Name} {what}: {fate}");
            if (fate is Fate.DiesBefore)
            {
                instance.Die();
                return;
            }

            if (fate is Fate.FailsBefore or Fate.HappensLater)
            {
                // A service may still carry out a request as late as this after it gave up on it.
                if (fate is Fate.HappensLater)
                    scheduler.At(scheduler.Now + (long)(TimeSpan.FromSeconds(30).Ticks * random.NextDouble()), () => carryOut());
                Fail(world);
                return;
            }

            var result = carryOut();
            if (fate is Fate.DiesAfter)
                instance.Die();
            else if (fate is Fate.FailsAfter)
                Fail(world);
            else
                scheduler.At(scheduler.Now + Latency(world), () => answer.TrySetResult(result));
        }

        void Fail(Conditions world)
        {
            var after = random.NextDouble() < world.TimesOut ? TimeSpan.FromSeconds(10).Ticks : Latency(world);
            scheduler.At(scheduler.Now + after, () =>
            {
                instance.Failures.Add(scheduler.Next());
                answer.TrySetException(new TableUnavailableException("simulated"));
            });
        }
    }

    private long Latency(Conditions world)
    {
        var whole = random.NextDouble() < world.Slow ? world.SlowLatency : world.Latency;
        return (long)(whole.Ticks * (0.2 + random.NextDouble()));
    }

    private Fate Draw(Conditions world)
    {
        if (world.Outages.Any(outage => outage.From <= scheduler.Now && scheduler.Now < outage.To))
            return random.Next(3) == 0 ? Fate.FailsAfter : Fate.FailsBefore;
        if (random.NextDouble() < world.Dies)
            return random.Next(2) == 0 ? Fate.DiesBefore : Fate.DiesAfter;
        if (random.NextDouble() < world.FailsBefore)
            return Fate.FailsBefore;
        if (random.NextDouble() < world.FailsAfter)
            return Fate.FailsAfter;
        return random.NextDouble() < world.FailsThenHappens ? Fate.HappensLater : Fate.Fine;
    }

    private enum Fate
    {
        Fine,
        FailsBefore,
        FailsAfter,
        HappensLater,
        DiesBefore,
        DiesAfter,
    }

    private Task<RowPage> QueryAsync(ITable table, string partition, RowQuery query, CancellationToken cancellationToken)
    {
        var world = conditions();
        // This store makes its own continuations: a mark, and behind it where the page before, empty or not, ended.
        var continuation = query.Continuation?[1..] is { Length: > 0 } rest ? rest : null;
        if (random.NextDouble() < world.EmptyPages)
            return CallAsync("query nothing", () => new RowPage([], "!" + continuation), cancellationToken);
        var top = random.NextDouble() < world.SmallPages ? random.Next(1, Math.Min(query.Top, 4) + 1) : query.Top;
        return CallAsync(
            $"query {query.From} to {query.Before} behind {continuation}",
            () =>
            {
                var page = table.QueryAsync(
                    partition, query with { Top = top, Continuation = continuation }, CancellationToken.None).Result;
                return page with { Continuation = page.Continuation is null ? null : "!" + page.Continuation };
            },
            cancellationToken);
    }

    private Task<SubmitResult> SubmitAsync(
        string name, ITable table, string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) => CallAsync(
        $"submit {operations[0].Kind} {operations[0].Key} and {operations.Count - 1} more",
        () =>
        {
            var result = table.SubmitAsync(partition, operations, CancellationToken.None).Result;
            if (result.Committed)
                observer.Committed(instance, name, partition, operations);
            return result;
        },
        cancellationToken);

    private sealed class UnreliableTable(UnreliableStore store, ITable table, string name) : ITable
    {
        public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken) =>
            store.CallAsync($"get {key}", () => table.GetAsync(partition, key, CancellationToken.None).Result, cancellationToken);

        public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken) =>
            store.QueryAsync(table, partition, query, cancellationToken);

        public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
            store.SubmitAsync(name, table, partition, operations, cancellationToken);
    }
}

/// <summary>Sees every transaction that storage carries out, in the one order in which storage does so.</summary>
internal interface ICommitObserver
{
    /// <summary>Called right after storage has carried out a transaction, and before it carries out anything else.</summary>
    void Committed(Instance by, string table, string partition, IReadOnlyList<Operation> operations);
}
