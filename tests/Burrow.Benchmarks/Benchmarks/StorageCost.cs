using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Reporting;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>
/// The cost of operations in requests to storage. The requests are counted, so the figures are the same on every machine.
/// </summary>
internal static class StorageCost
{
    private const int Messages = 5000;

    private static readonly (string Name, bool OnNewQueue, Func<Worker, Task> RunAsync)[] Operations =
    [
        ("put", true, worker => worker.PutAsync("new")),
        ("claim one", false, async worker => await worker.ClaimAsync(1)),
        ("delete by id", false, worker => worker.DeleteAsync(worker.Next())),
        ("take one", false, worker => worker.TakeAsync()),
        ("put, claim, delete", true, async worker =>
        {
            await worker.PutAsync("one");
            await worker.DeleteAsync((await worker.ClaimAsync(1)).Messages.Single().Id.Value);
        }),
        ("batch of 100", true, worker => Task.WhenAll(Enumerable.Range(0, 100).Select(i => worker.PutAsync($"item{i}")))),
        ("claim of 100", false, async worker => await worker.ClaimAsync(100)),
        ("list of 1,000 with bodies", false, worker => worker.ListAsync(1000)),
    ];

    public static async Task<Section> RunAsync()
    {
        var section = new Section(
            "Requests to storage",
            "Requests of the engine to storage, for messages of 1 KiB with a ttl: g gets, q queries, t transactions, r rows written, "
            + "with so many bytes as Table storage counts them. "
            + "Warm: the same operation ran before on another message. "
            + "First in a minute: a row is written to the timer's table `due`. "
            + "New process: nothing is cached, so the head is read and `due` is written. "
            + "New queue: the first of its account; it is registered in `dir`.",
            "operation", "warm", "first in a minute", "new process", "new queue");
        foreach (var (name, onNewQueue, run) in Operations)
        {
            var warm = await WarmAsync(run, TimeSpan.Zero);
            section.Add(
                name,
                Text(warm),
                Text(await WarmAsync(run, TimeSpan.FromMinutes(1))),
                Text(await NewProcessAsync(run)),
                onNewQueue ? Text(await NewQueueAsync(run)) : Format.None);
            if (name != "put, claim, delete")
                continue;
            section.AtMost($"{name}, one small message with a ttl, warm: transactions", 3, warm.Count(IsTransaction), Format.Count);
            section.AtMost($"{name}: gets and queries", 3, warm.Count(call => !IsTransaction(call)), Format.Count);
            section.AtMost($"{name}: rows written", 10, warm.Sum(call => call.Operations.Count), Format.Count);
        }

        return section;
    }

    private static async Task<IReadOnlyList<TableCall>> WarmAsync(Func<Worker, Task> run, TimeSpan later)
    {
        var (store, time) = await FilledAsync();
        var worker = new Worker(store, time, "warm");
        await run(worker);
        time.Advance(later);
        return await new RequestCounter(store).CountAsync(() => run(worker with { Prefix = "counted" }));
    }

    private static async Task<IReadOnlyList<TableCall>> NewProcessAsync(Func<Worker, Task> run)
    {
        var (store, time) = await FilledAsync();
        return await new RequestCounter(store).CountAsync(() => run(new Worker(store, time, "counted")));
    }

    private static async Task<IReadOnlyList<TableCall>> NewQueueAsync(Func<Worker, Task> run)
    {
        var store = new InterceptedStore(new MemoryTableStore());
        return await new RequestCounter(store).CountAsync(() => run(new Worker(store, new JumpingTime(), "counted")));
    }

    private static async Task<(InterceptedStore Store, JumpingTime Time)> FilledAsync()
    {
        var (store, time) = (new InterceptedStore(new MemoryTableStore()), new JumpingTime());
        var engine = Recorder.NewEngine(store, time);
        await Task.WhenAll(Enumerable.Range(0, Messages).Select(number => Recorder.PutAsync(engine, number)));
        return (store, time);
    }

    private static bool IsTransaction(TableCall call) => call.Kind == CallKind.Submit;

    private static string Text(IReadOnlyList<TableCall> calls) =>
        $"{calls.Count(call => call.Kind == CallKind.Get)} g, {calls.Count(call => call.Kind == CallKind.Query)} q, "
        + $"{calls.Count(IsTransaction)} t, {calls.Sum(call => call.Operations.Count)} r, "
        + $"{Format.Count(calls.Sum(call => call.Operations.Sum(TableLimits.SizeOf)))} B";

    /// <summary>An engine that does the operations, with its own ids.</summary>
    private sealed record Worker(ITableStore Store, TimeProvider Time, string Prefix)
    {
        private readonly QueueEngine engine = Recorder.NewEngine(Store, Time);
        private readonly Queue<string> there = new(Enumerable.Range(Messages / 2, Messages / 2).Select(number => $"{number:d12}"));

        /// <summary>The id of another message that is there.</summary>
        public string Next() => there.Dequeue();

        public Task PutAsync(string id) => engine.PutAsync(
            Recorder.Queue, new(new(Prefix + id), Sizes.Body, null, new(600, 0), Precondition.None), CancellationToken.None);

        public async Task<MessageList> ClaimAsync(int limit) => Checked(
            await engine.UpdateAsync(Recorder.Queue, new() { Limit = limit }, new(null, 60), TimeSpan.Zero, CancellationToken.None), limit);

        public async Task DeleteAsync(string id)
        {
            if (await engine.DeleteAsync(Recorder.Queue, new(id), Precondition.None, Detail.None, CancellationToken.None) is null)
                throw new BenchmarkException($"There is no '{id}' to delete.");
        }

        public async Task TakeAsync() =>
            Checked(await engine.TakeAsync(Recorder.Queue, new() { Limit = 1 }, TimeSpan.Zero, CancellationToken.None), 1);

        public async Task ListAsync(int limit) =>
            Checked(await engine.ListAsync(Recorder.Queue, new() { Limit = limit }, TimeSpan.Zero, CancellationToken.None), limit);

        private static MessageList Checked(MessageList list, int count) =>
            list.Count == count ? list : throw new BenchmarkException($"{count} messages expected, not {list.Count}.");
    }
}
