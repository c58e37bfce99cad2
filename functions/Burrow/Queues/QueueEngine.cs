using System.Collections.Concurrent;
using Burrow.Queues.Changing;
using Burrow.Queues.Claiming;
using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Statistics;
using Burrow.Queues.Sweeping;
using Burrow.Tables;
using Burrow.Telemetry;
using Microsoft.Extensions.Logging;

namespace Burrow.Queues;

/// <summary>
/// The queues. Any number of processes may work on the same tables; each request is served by itself, and none relies on
/// what a process remembers. Every method throws <see cref="UnavailableException"/> or <see cref="TableUnavailableException"/>
/// where storage fails; unless it says so, nothing was changed then.
/// </summary>
public sealed class QueueEngine
{
    /// <summary>The tables that the engine needs.</summary>
    public static readonly IReadOnlyList<string> TableNames =
        [QueueContext.MessagesTable, QueueContext.DirectoryTable, QueueContext.DueTable, Counts.TableName];

    private const int MaxStates = 10_000;

    private readonly ConcurrentDictionary<string, QueueState> states = new();
    private readonly ConcurrentDictionary<AccountName, int> waiting = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly QueueContext context;
    private readonly DueTable due;
    private readonly Counts counts;
    private readonly StatisticsReader overview;
    private readonly QueueDirectory directory;
    private readonly Transactions transactions;
    private readonly QueueReader walk;
    private readonly MessageLister lists;
    private readonly BulkChange pass;
    private readonly MessageChanger byId;
    private readonly QueueSweeper sweep;
    private readonly IEventOutbox announcer;

    /// <param name="store">Where the tables are; see <see cref="TableNames"/>.</param>
    /// <param name="time">The clock, and all delays.</param>
    /// <param name="random">Revisions, ids, jitter. Safe for concurrent use unless everything runs on one thread.</param>
    /// <param name="options">The settings.</param>
    /// <param name="logger">Told of what nobody else is told.</param>
    public QueueEngine(ITableStore store, TimeProvider time, Random random, BurrowOptions options, ILogger<QueueEngine> logger)
        : this(store, time, random, options, logger, new NoEventOutbox())
    {
    }

    /// <summary>The same, with somebody who tells others what happened.</summary>
    internal QueueEngine(
        ITableStore store, TimeProvider time, Random random, BurrowOptions options, ILogger<QueueEngine> logger, IEventOutbox announcer)
    {
        this.announcer = announcer;
        context = new QueueContext(store, time, random, options, logger);
        due = new DueTable(context);
        counts = new Counts(context, due);
        directory = new QueueDirectory(context, due, counts);
        overview = new StatisticsReader(context, counts, directory);
        transactions = new Transactions(context, due, counts);
        walk = new QueueReader(context);
        lists = new MessageLister(context, walk);
        pass = new BulkChange(context, walk, transactions);
        byId = new MessageChanger(context, walk, transactions);
        sweep = new QueueSweeper(context, due, directory, transactions, counts, announcer);
    }

    /// <inheritdoc cref="Counts.Busy"/>
    internal BusyQueues Busy => counts.Busy;

    /// <summary>A new message id.</summary>
    public MessageId NewId() => MessageId.New(context.Random);

    /// <summary>
    /// Puts a message, new at the end of its queue or in place of that of the same id. Those put to a queue one after another,
    /// without waiting for the result, are stored in that order.
    /// </summary>
    /// <exception cref="PreconditionFailedException">Nothing was stored.</exception>
    /// <exception cref="UnavailableException">Whether it was stored can't be told.</exception>
    public Task<PutResult> PutAsync(QueueAddress queue, PutRequest request, CancellationToken cancellationToken) =>
        StateOf(queue).Puts.SubmitAsync(request, cancellationToken);

    /// <summary>The message, hidden or not; null if there is none.</summary>
    public Task<Message?> GetAsync(QueueAddress queue, MessageId id, Detail detail, CancellationToken cancellationToken) =>
        byId.GetAsync(queue, id, detail, cancellationToken);

    /// <summary>Sets a message's attributes, hidden or not, and returns it as it is then; null if there is none.</summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public async Task<Message?> UpdateAsync(
        QueueAddress queue, MessageId id, Attributes attributes, Precondition precondition, Detail detail, CancellationToken cancellationToken)
    {
        var message = await byId.ChangeAsync(queue, id, attributes, precondition, detail, cancellationToken);
        if (message?.Hide == 0)
            StateOf(queue).Changed.Set();
        return message;
    }

    /// <summary>Deletes a message, hidden or not, and returns what it was; null if there is none.</summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public Task<Message?> DeleteAsync(
        QueueAddress queue, MessageId id, Precondition precondition, Detail detail, CancellationToken cancellationToken) =>
        byId.ChangeAsync(queue, id, null, precondition, detail, cancellationToken);

    /// <summary>Reads messages, in the queue's order. Waits for a match, up to <paramref name="wait"/>.</summary>
    public Task<MessageList> ListAsync(QueueAddress queue, MessageSelection selection, WaitOptions wait, CancellationToken cancellationToken) =>
        WaitAsync(queue, wait, () => lists.ListAsync(queue, selection, cancellationToken), cancellationToken);

    /// <summary>
    /// Sets attributes of messages and returns them as they are then: with <c>hide</c>, a claim. No two requests get one message
    /// within its hide. Waits for a match, up to <paramref name="wait"/>.
    /// </summary>
    public async Task<MessageList> UpdateAsync(
        QueueAddress queue, MessageSelection selection, Attributes attributes, WaitOptions wait, CancellationToken cancellationToken)
    {
        if (attributes.IsEmpty)
            return await ListAsync(queue, selection, wait, cancellationToken);
        var list = await WaitAsync(queue, wait, () => ChangeAsync(queue, selection, attributes, cancellationToken), cancellationToken);
        if (attributes.Hide == 0 && list.Count > 0)
            StateOf(queue).Changed.Set();
        return list;
    }

    /// <summary>
    /// Deletes messages and returns what they were. No two requests get one message. Waits for a match, up to
    /// <paramref name="wait"/>.
    /// </summary>
    public Task<MessageList> TakeAsync(QueueAddress queue, MessageSelection selection, WaitOptions wait, CancellationToken cancellationToken) =>
        WaitAsync(queue, wait, () => ChangeAsync(queue, selection, null, cancellationToken), cancellationToken);

    /// <summary>The accounts that hold a queue.</summary>
    public Task<NameList> AccountsAsync(NameSelection selection, CancellationToken cancellationToken) =>
        directory.AccountsAsync(selection, cancellationToken);

    /// <summary>The queues of an account that hold a message, hidden or not.</summary>
    public Task<NameList> QueuesAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) =>
        directory.QueuesAsync(account, selection, cancellationToken);

    /// <summary>Deletes all messages, hidden ones too, of the accounts that match, and returns those.</summary>
    public Task<NameList> DeleteAccountsAsync(NameSelection selection, CancellationToken cancellationToken) => DeleteAllAsync(
        directory.AccountsAsync(selection, cancellationToken),
        async name => (await DeleteQueuesAsync(new(name), new(null, null), cancellationToken)).More);

    /// <summary>Deletes all messages, hidden ones too, of the queues that match, and returns those.</summary>
    public Task<NameList> DeleteQueuesAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) => DeleteAllAsync(
        directory.QueuesAsync(account, selection, cancellationToken),
        async name => (await pass.ChangeAsync(
            new(account, new(name)), new() { MatchHidden = true, Detail = Detail.None }, null, cancellationToken)).More);

    /// <summary>
    /// How much a queue's account stores, and whether the queue holds a message: what every process did until some 15 s before, and
    /// this one until now.
    /// </summary>
    public ValueTask<(AccountUsage Account, bool Holds)> UsageAsync(QueueAddress queue) => counts.UsageAsync(queue);

    /// <summary>How a queue stands; null if there is none. Costs four requests to storage, up to seven where much has expired, however long the queue is.</summary>
    public Task<MessageStatistics?> StatisticsAsync(QueueAddress queue, CancellationToken cancellationToken) => overview.QueueAsync(queue, cancellationToken);

    /// <summary>How an account and its queues stand; null if it has none. Costs three requests a queue that is shown, as above, and one for each thousand queues.</summary>
    public Task<AccountStatistics?> StatisticsAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) =>
        overview.AccountAsync(account, selection, cancellationToken);

    /// <summary>Writes down what this process put and removed since it last did, for others to know how much there is.</summary>
    public Task WriteCountsAsync(CancellationToken cancellationToken) => counts.FlushAsync(cancellationToken);

    /// <summary>Ends all waits, those to come too, as if their time were up: the process is about to stop.</summary>
    public void StopWaiting() => stopping.Cancel();

    /// <summary>What the timer does: tidies up after what expired or became visible, for about as long as given.</summary>
    public Task SweepAsync(TimeSpan time, CancellationToken cancellationToken) => sweep.RunAsync(time, cancellationToken);

    private static bool IsGrouped(MessageSelection selection, Attributes? attributes) =>
        selection is { MatchHidden: false, Marker: null, After: null, Limit: >= 1 and <= ClaimGroup.Max }
        && (attributes is null || attributes.Value.IsClaim);

    private async Task<NameList> DeleteAllAsync(Task<NameList> matching, Func<string, Task<bool>> delete)
    {
        var begun = context.Time.GetTimestamp();
        var list = await matching;
        for (var i = 0; i < list.Names.Count; i++)
        {
            var more = await delete(list.Names[i]);
            if (more || (i + 1 < list.Names.Count && context.Time.GetElapsedTime(begun) > Limits.BulkChangeTime))
                return new([.. list.Names.Take(i + 1)], More: true);
        }

        return list;
    }

    private Task<MessageList> ChangeAsync(
        QueueAddress queue, MessageSelection selection, Attributes? attributes, CancellationToken cancellationToken) =>
        IsGrouped(selection, attributes)
            ? StateOf(queue)
                .ClaimsOf(new(attributes ?? default, Remove: attributes is null, selection.Detail))
                .SubmitAsync(new(selection.Limit!.Value), cancellationToken)
            : pass.ChangeAsync(queue, selection, attributes, cancellationToken);

    private async Task<MessageList> WaitAsync(
        QueueAddress queue, WaitOptions wait, Func<Task<MessageList>> attempt, CancellationToken cancellationToken)
    {
        var longest = wait.MaxTime < context.Options.MaxWaitTime ? wait.MaxTime : context.Options.MaxWaitTime;
        if (longest <= TimeSpan.Zero)
            return await attempt();

        var state = StateOf(queue);
        var begun = context.Time.GetTimestamp();
        var seen = state.Changed.Version;
        var list = await attempt();
        if (list.Count > 0)
            return list;
        if (waiting.AddOrUpdate(queue.Account, 1, (_, count) => count + 1) > wait.MaxWaiting)
        {
            Leave(queue.Account);
            throw TooManyRequestsException.Waiting(wait.MaxWaiting);
        }

        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping.Token);
            using var waiter = state.Waiters.Enter();
            Instruments.Waiters.Add(1);
            while (list.Count == 0 && !ended.IsCancellationRequested)
            {
                wait.Request?.Pause();
                var left = longest - context.Time.GetElapsedTime(begun);
                if (left <= TimeSpan.Zero)
                    break;
                await state.Changed.WaitAsync(seen, left, context.Time, ended.Token);
                cancellationToken.ThrowIfCancellationRequested();
                var version = state.Changed.Version;
                if (version == seen)
                    continue;
                seen = version;
                if (wait.Request is { } who)
                    await who.ResumeAsync();
                list = await attempt();
            }

            return list;
        }
        finally
        {
            Instruments.Waiters.Add(-1);
            Leave(queue.Account);
        }
    }

    private void Leave(AccountName account)
    {
        if (waiting.AddOrUpdate(account, 0, (_, count) => count - 1) == 0)
            waiting.TryRemove(KeyValuePair.Create(account, 0));
    }

    private QueueState StateOf(QueueAddress queue)
    {
        var now = context.Time.GetTimestamp();
        if (!states.TryGetValue(queue.Partition, out var state))
        {
            if (states.Count >= MaxStates)
                EvictIdle();
            state = states.GetOrAdd(
                queue.Partition, _ => new QueueState(context, due, directory, transactions, counts, announcer, queue, PromoteInBackground));
        }

        state.Used = now;
        return state;
    }

    /// <summary>Lets go of the older half of the queues that nobody is on. Should somebody just come to one, nothing is lost by two.</summary>
    private void EvictIdle()
    {
        foreach (var (partition, state) in states.OrderBy(entry => entry.Value.Used).Take(MaxStates / 2).ToList())
        {
            if (state.IsIdle)
                states.TryRemove(partition, out _);
        }
    }

    private void PromoteInBackground(QueueState state)
    {
        if (Interlocked.Exchange(ref state.Promoting, 1) == 1)
            return;
        // It is nobody's request, so it doesn't go on under the one that noticed.
        using (ExecutionContext.SuppressFlow())
            _ = PromoteAsync(state);
    }

    private async Task PromoteAsync(QueueState state)
    {
        try
        {
            await Task.Yield();
            await sweep.PromoteAsync(state.Address, () => stopping.IsCancellationRequested, CancellationToken.None);
        }
        catch (Exception e)
        {
            context.Logger.BackgroundFailed(e.Message);
        }
        finally
        {
            Volatile.Write(ref state.Promoting, 0);
        }
    }
}
