using Burrow.Queues.Changing;
using Burrow.Queues.Claiming;
using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Groups;
using Burrow.Queues.Policies;
using Burrow.Queues.Producers;
using Burrow.Queues.Readers;
using Burrow.Queues.Reading;
using Burrow.Queues.Relays;
using Burrow.Queues.Results;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Settings;
using Burrow.Queues.Statistics;
using Burrow.Queues.Sweeping;
using Burrow.Queues.Waiting;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Queues;

/// <summary>
/// The queues: every operation that a client, the timer or a probe requests. Any number of processes may work on the same tables. Each
/// request is served independently, and no request relies on the memory of a process. Every method throws
/// <see cref="UnavailableException"/> or <see cref="TableUnavailableException"/> when storage fails. After a read nothing was changed.
/// After a change, the message of the exception says whether nothing was changed or that the outcome is unknown.
/// </summary>
public sealed class QueueEngine
{
    /// <summary>The names of the tables that the engine needs.</summary>
    public static readonly IReadOnlyList<string> TableNames =
    [
        QueueContext.MessagesTable,
        QueueContext.DirectoryTable,
        QueueContext.DueTable,
        CountTable.Name,
        SettingsTable.Name,
        RelayTable.Name,
    ];

    private static readonly Backoff ResultPauses = new(ResultLimits.FirstLook, ResultLimits.LaterLook);

    private readonly CancellationTokenSource stopping = new();
    private readonly QueueContext context;
    private readonly ProcessCounts counts;
    private readonly StatisticsReader statistics;
    private readonly NameLister names;
    private readonly MessageLister lister;
    private readonly MessageFinder finder;
    private readonly MessageChanger changer;
    private readonly MirrorReceiver mirrors;
    private readonly BulkChange bulk;
    private readonly QueueSweeper sweeper;
    private readonly QueueStates states;
    private readonly LongPoll longPoll;
    private readonly QueueResults results;
    private readonly ResultSignals resultSignals = new();

    /// <param name="store">The tables; see <see cref="TableNames"/>.</param>
    /// <param name="time">The clock, also used for all delays.</param>
    /// <param name="random">
    /// The source of revisions, ids and jitter. It must be safe for concurrent use, unless everything runs on one thread.
    /// </param>
    /// <param name="options">The settings.</param>
    /// <param name="logger">The log.</param>
    public QueueEngine(ITableStore store, TimeProvider time, Random random, QueueOptions options, ILogger<QueueEngine> logger)
        : this(store, time, random, options, logger, new NoEventOutbox())
    {
    }

    /// <summary>Creates the same engine, with an outbox for events and a way to other deployments.</summary>
    internal QueueEngine(
        ITableStore store,
        TimeProvider time,
        Random random,
        QueueOptions options,
        ILogger<QueueEngine> logger,
        IEventOutbox outbox,
        IRelayWire? wire = null,
        string? stamp = null)
    {
        context = new QueueContext(store, time, random, options, logger);
        var due = new DueTable(context);
        var countTable = new CountTable(context, due);
        counts = new ProcessCounts(context, countTable);
        var registry = new QueueRegistry(context, due, counts);
        names = new NameLister(context);
        statistics = new StatisticsReader(context, counts, names);
        var settings = new QueueSettings(context, new SettingsTable(store, time, random));
        Policies = new QueuePolicies(settings);
        var groupReader = new GroupReader(context);
        finder = new MessageFinder(context);
        var relayTable = new RelayTable(store, time, random);
        var ownStamp = new RelayStamp(relayTable, random, stamp);
        wire ??= new NoRelayWire();
        var peer = new RelayPeer(settings, wire, ownStamp);
        var relays = new RelayOutbox(context, due, settings, relayTable, names, finder, wire, peer, ownStamp, stopping.Token);
        registry.IsRemembered = relays.RemembersAsync;
        var missing = new MissingReader(context, relayTable, finder, peer);
        Relays = new QueueRelays(context, due, settings, relayTable, relays, missing, finder, ownStamp);
        var transactions = new Transactions(
            context, due, counts, outbox, new GroupPlanner(context, Policies, groupReader), relays, new MirrorNotes(context, settings));
        var reader = new QueueReader(context, finder);
        lister = new MessageLister(context, reader, finder);
        var burial = new Burial(context, transactions, outbox);
        bulk = new BulkChange(context, reader, finder, transactions, burial, Policies);
        changer = new MessageChanger(context, finder, transactions, burial, Policies);
        var recounter = new Recounter(context, due, countTable, counts);
        Readers = new QueueReaders(context, due);
        Producers = new QueueProducers(context, due);
        mirrors = new MirrorReceiver(context, due, finder, transactions, burial);
        sweeper = new QueueSweeper(context, due, registry, transactions, burial, recounter, outbox, relays);
        var background = new BackgroundSweep(context, sweeper, stopping.Token);
        Groups = new QueueGroups(context);
        var settler = new GroupSettler(context, finder, transactions, background);
        states = new QueueStates(
            context,
            due,
            registry,
            finder,
            transactions,
            burial,
            counts,
            outbox,
            relays,
            settings,
            Policies,
            background,
            lister,
            groupReader,
            settler);
        transactions.Promoted = states.Wake;
        transactions.Ended = resultSignals.Set;
        transactions.RoomLeft = (queue, group) => background.Start(
            queue, $"fill {group}", () => transactions.PromoteAsync(queue, group, CancellationToken.None));
        reader.GroupsUsed = (queue, head) => background.Start(queue, "look", async () =>
        {
            background.Expire(queue);
            settler.Look(queue, head, await Policies.OfAsync(queue));
        });
        results = new QueueResults(context);
        longPoll = new LongPoll(context, states, stopping.Token);
    }

    /// <summary>How the queues of an account behave.</summary>
    public QueuePolicies Policies { get; }

    /// <summary>Ways of messages to other deployments.</summary>
    public QueueRelays Relays { get; }

    /// <summary>Cursors that the server keeps for readers.</summary>
    public QueueReaders Readers { get; }

    /// <summary>Groups of messages that are handed out in order.</summary>
    public QueueGroups Groups { get; }

    /// <summary>Producers that number their messages.</summary>
    public QueueProducers Producers { get; }

    /// <inheritdoc cref="ProcessCounts.Busy"/>
    internal BusyQueues Busy => counts.Busy;

    /// <summary>Returns a new message id.</summary>
    public MessageId NewId() => MessageId.New(context.Random);

    /// <summary>
    /// Puts a message at the end of its queue, or in the place of the message with the same id. If one caller puts to one queue without
    /// waiting for each put, the messages are stored in the order of the calls.
    /// </summary>
    /// <exception cref="PreconditionFailedException">Nothing was stored.</exception>
    /// <exception cref="ConflictException">The message has another priority. Nothing was stored.</exception>
    /// <exception cref="QuotaExceededException">The queue's policy allows no more messages. Nothing was stored.</exception>
    /// <exception cref="UnavailableException">It is unknown whether the message was stored.</exception>
    public Task<PutResult> PutAsync(QueueAddress queue, PutRequest request, CancellationToken cancellationToken)
    {
        var put = states.Of(queue).Puts.SubmitAsync(request, cancellationToken);
        return request.Result is null ? put : BeginAsync();

        async Task<PutResult> BeginAsync()
        {
            var result = await put;
            resultSignals.Set(queue, request.Id);
            return result;
        }
    }

    /// <summary>
    /// Waits until the messages that a producer sent before are stored, as <paramref name="wait"/> says, in whichever process they are put.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="producer">The producer.</param>
    /// <param name="epoch">The epoch of the request that waits.</param>
    /// <param name="previous">The number of the message right before those of the request.</param>
    /// <param name="wait">How long to wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OutOfTurnException">The time is up, or a higher epoch was seen. Nothing was stored.</exception>
    public async Task WaitForTurnAsync(
        QueueAddress queue, ProducerName producer, long epoch, long previous, WaitOptions wait, CancellationToken cancellationToken)
    {
        var (isTurn, last) = await longPoll.WaitAsync(
            queue,
            wait,
            () => Producers.LookAsync(queue, producer, epoch, previous, cancellationToken),
            look => look.IsTurn,
            cancellationToken);
        if (!isTurn)
            throw QueueProducers.Missing(new(producer, last, epoch, default), previous);
    }

    /// <summary>Returns the message, hidden or not; null if there is none.</summary>
    public Task<Message?> GetAsync(QueueAddress queue, MessageId id, Detail detail, CancellationToken cancellationToken) =>
        finder.GetAsync(queue, id, MessageLife.Live, detail, cancellationToken);

    /// <summary>
    /// Sets the attributes of a message, hidden or not, and returns the message as it is afterwards; null if there is none.
    /// </summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public async Task<Message?> UpdateAsync(
        QueueAddress queue,
        MessageId id,
        Attributes attributes,
        Precondition precondition,
        Detail detail,
        CancellationToken cancellationToken)
    {
        var change = new MessageChange.Update(attributes, Delivers: false);
        var message = await changer.ChangeAsync(queue, id, change, precondition, detail, cancellationToken);
        WakeIfVisible(queue, message);
        return message;
    }

    /// <summary>Deletes a message, hidden, dead or neither, and returns the message as it was; null if there is none.</summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public Task<Message?> DeleteAsync(
        QueueAddress queue, MessageId id, Precondition precondition, Detail detail, CancellationToken cancellationToken) =>
        changer.ChangeAsync(
            queue,
            id,
            new MessageChange.Remove(MessageLife.Live | MessageLife.Dead, precondition.NamesReceipt),
            precondition,
            detail,
            cancellationToken);

    /// <summary>
    /// Does what a worker says became of a message (docs/design/dead.md), and returns the message as it is afterwards, or as it was when
    /// it is done; null if there is none. Of a dead message, <see cref="OutcomeKind.Done"/> deletes it, and
    /// <see cref="OutcomeKind.Failed"/> and <see cref="OutcomeKind.Dead"/> add their cause.
    /// </summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public async Task<Message?> SettleAsync(
        QueueAddress queue, MessageId id, Outcome outcome, Precondition precondition, Detail detail, CancellationToken cancellationToken)
    {
        var message = await changer.ChangeAsync(
            queue, id, new MessageChange.Settle(outcome), precondition, detail, cancellationToken);
        if (outcome.Kind != OutcomeKind.Done)
            WakeIfVisible(queue, message);
        return message;
    }

    /// <summary>
    /// Returns what became of a message that was put with <see cref="PutRequest.Result"/>. Waits, as <paramref name="wait"/> says, until it
    /// has ended or a worker has left progress; with a condition, until its receipt is another one.
    /// </summary>
    /// <returns>Null if there is none, or it is kept no longer.</returns>
    public async Task<MessageResult?> ResultAsync(
        QueueAddress queue, MessageId id, Precondition precondition, WaitOptions wait, CancellationToken cancellationToken)
    {
        using var lease = resultSignals.Enter(queue, id);
        return await longPoll.WaitAsync(
            queue,
            wait,
            lease.Signal,
            ResultPauses,
            () => results.GetAsync(queue, id, cancellationToken),
            result => result is null
                || (precondition.IfNoneMatch is null
                    ? result.HasProgress || result.State != ResultState.Running
                    : precondition.NoneMatchHolds(result.Receipt)),
            cancellationToken);
    }

    /// <summary>Leaves progress of a message that a worker has claimed.</summary>
    /// <returns>The receipt of the progress; null if there is no message.</returns>
    /// <exception cref="PreconditionFailedException">The receipt is not that of the message. Nothing was changed.</exception>
    /// <exception cref="InvalidRequestException">The message was put without a result. Nothing was changed.</exception>
    public async Task<Receipt?> PutProgressAsync(
        QueueAddress queue, MessageId id, ResultBody left, Precondition precondition, CancellationToken cancellationToken)
    {
        var receipt = await results.PutProgressAsync(queue, id, left, precondition, cancellationToken);
        resultSignals.Set(queue, id);
        return receipt;
    }

    /// <summary>Returns a dead message; null if there is none.</summary>
    public Task<Message?> GetDeadAsync(QueueAddress queue, MessageId id, Detail detail, CancellationToken cancellationToken) =>
        finder.GetAsync(queue, id, MessageLife.Dead, detail, cancellationToken);

    /// <summary>
    /// Lists dead messages in the queue's order. One that died at the end of a hide is in the list some seconds after it.
    /// </summary>
    public Task<MessageList> ListDeadAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken) =>
        lister.ListAsync(queue, selection with { Which = MessageLife.Dead, MatchHidden = false }, cancellationToken);

    /// <summary>
    /// Puts a dead message back into its old place, without deliveries and causes, and returns it; null if there is none.
    /// </summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public async Task<Message?> RedriveAsync(
        QueueAddress queue,
        MessageId id,
        Attributes attributes,
        Precondition precondition,
        Detail detail,
        CancellationToken cancellationToken)
    {
        var message = await changer.ChangeAsync(
            queue, id, new MessageChange.Redrive(attributes), precondition, detail, cancellationToken);
        WakeIfVisible(queue, message);
        return message;
    }

    /// <summary>Puts the dead messages that match back into their old places. May stop anywhere; a later call continues.</summary>
    public async Task<MessageList> RedriveAsync(
        QueueAddress queue, MessageSelection selection, Attributes attributes, CancellationToken cancellationToken)
    {
        var list = await bulk.ChangeAsync(
            queue, selection with { MatchHidden = false }, new MessageChange.Redrive(attributes), handsOut: false, cancellationToken);
        if (list.Count > 0)
            states.Of(queue).Changed.Set();
        return list;
    }

    /// <summary>Deletes a dead message and returns it as it was; null if there is none.</summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public Task<Message?> PurgeAsync(
        QueueAddress queue, MessageId id, Precondition precondition, Detail detail, CancellationToken cancellationToken) =>
        changer.ChangeAsync(queue, id, new MessageChange.Remove(MessageLife.Dead), precondition, detail, cancellationToken);

    /// <summary>Deletes the dead messages that match and returns them as they were.</summary>
    public Task<MessageList> PurgeAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken) =>
        bulk.ChangeAsync(
            queue, selection with { MatchHidden = false }, new MessageChange.Remove(MessageLife.Dead), handsOut: false, cancellationToken);

    /// <summary>Lists messages in the queue's order. Waits for a match as <paramref name="wait"/> says.</summary>
    public Task<MessageList> ListAsync(
        QueueAddress queue, MessageSelection selection, WaitOptions wait, CancellationToken cancellationToken) =>
        longPoll.WaitAsync(
            queue,
            wait,
            () => wait.MaxTime > TimeSpan.Zero
                ? states.Of(queue).ListsOf(selection).SubmitAsync(selection, cancellationToken)
                : lister.ListAsync(queue, selection, cancellationToken),
            cancellationToken);

    /// <summary>
    /// Sets attributes of messages and returns the messages as they are afterwards. With <c>hide</c>, this is a claim. No two requests
    /// get one message within its hide. Waits for a match as <paramref name="wait"/> says.
    /// </summary>
    public async Task<MessageList> UpdateAsync(
        QueueAddress queue, MessageSelection selection, Attributes attributes, WaitOptions wait, CancellationToken cancellationToken)
    {
        if (attributes.IsEmpty)
            return await ListAsync(queue, selection, wait, cancellationToken);
        var list = await longPoll.WaitAsync(
            queue, wait, () => ChangeAsync(queue, selection, attributes, cancellationToken), cancellationToken);
        if (attributes.Hide == 0 && list.Count > 0)
            states.Of(queue).Changed.Set();
        return list;
    }

    /// <summary>
    /// Deletes messages and returns them as they were: a take. No two requests get one message. Waits for a match as
    /// <paramref name="wait"/> says.
    /// </summary>
    public Task<MessageList> TakeAsync(
        QueueAddress queue, MessageSelection selection, WaitOptions wait, CancellationToken cancellationToken) =>
        longPoll.WaitAsync(queue, wait, () => ChangeAsync(queue, selection, null, cancellationToken), cancellationToken);

    /// <summary>Returns the accounts that hold a queue.</summary>
    public Task<NameList> AccountsAsync(NameSelection selection, CancellationToken cancellationToken) =>
        names.AccountsAsync(selection, cancellationToken);

    /// <summary>Returns the queues of an account that hold a dead message.</summary>
    public Task<NameList> DeadQueuesAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) =>
        names.DeadQueuesAsync(account, selection, cancellationToken);

    /// <summary>Returns the queues of an account that hold a message, hidden or not, or a dead one.</summary>
    public Task<NameList> QueuesAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) =>
        names.QueuesAsync(account, selection, cancellationToken);

    /// <summary>Deletes all messages, also hidden and dead ones, of the accounts that match, and returns those accounts.</summary>
    public Task<NameList> DeleteAccountsAsync(NameSelection selection, CancellationToken cancellationToken) => DeleteAllAsync(
        names.AccountsAsync(selection, cancellationToken),
        async name => (await DeleteQueuesAsync(new(name), new(null, null), cancellationToken)).More);

    /// <summary>Deletes all messages, also hidden and dead ones, of the queues that match, and returns those queues.</summary>
    public Task<NameList> DeleteQueuesAsync(
        AccountName account, NameSelection selection, CancellationToken cancellationToken) => DeleteAllAsync(
        names.QueuesAsync(account, selection, cancellationToken),
        async name => (await bulk.ChangeAsync(
            new(account, new(name)),
            new() { MatchHidden = true, Detail = Detail.None },
            new MessageChange.Remove(MessageLife.Live | MessageLife.Dead),
            handsOut: false,
            cancellationToken)).More);

    /// <summary>
    /// Returns how much a queue's account stores, and how many messages the queue holds. The result is approximate. It includes what
    /// every process did until some 15 s ago, and what this process did until now.
    /// </summary>
    public ValueTask<(AccountUsage Account, long InQueue)> UsageAsync(QueueAddress queue) => counts.UsageAsync(queue);

    /// <summary>Returns the length of a message's body, in bytes; null if there is no message.</summary>
    public async Task<long?> LengthOfAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken) =>
        await finder.ReadStateAsync(queue, id, MessageLife.Live | MessageLife.Dead, cancellationToken) is var (state, _)
            ? state.Length
            : null;

    /// <summary>
    /// Returns the statistics of a queue; null if there is none. Costs four requests to storage, or up to seven where many messages
    /// have expired. The length of the queue does not matter.
    /// </summary>
    public Task<MessageStatistics?> StatisticsAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        statistics.QueueAsync(queue, cancellationToken);

    /// <summary>
    /// Waits until a queue is seen to hold no message, or only dead ones, as <paramref name="wait"/> says. Returns its statistics in any
    /// case: <see cref="QueueCounts.Messages"/> tells.
    /// </summary>
    public async Task<MessageStatistics> UntilEmptyAsync(QueueAddress queue, WaitOptions wait, CancellationToken cancellationToken)
    {
        var isEmpty = await longPoll.WaitAsync(
            queue, wait, () => statistics.IsEmptyAsync(queue, cancellationToken), empty => empty, cancellationToken);
        // A request that has waited to the end holds no turn.
        if (!isEmpty && wait is { MaxTime.Ticks: > 0, Request: { } request })
            await request.ResumeAsync();
        var found = await statistics.QueueAsync(queue, cancellationToken) ?? MessageStatistics.None;
        return isEmpty ? found.AsEmpty() : found;
    }

    /// <summary>
    /// Returns the statistics of an account and its queues; null if the account has no queue. Costs three requests to storage for each
    /// queue shown, and one for each thousand queues.
    /// </summary>
    public Task<AccountStatistics?> StatisticsAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) =>
        statistics.AccountAsync(account, selection, cancellationToken);

    /// <summary>Writes to the table of counts how much this process put and removed.</summary>
    public Task WriteCountsAsync(CancellationToken cancellationToken) => counts.FlushAsync(cancellationToken);

    /// <summary>
    /// Changes messages that came by a mirror as they were changed where they were put. A message that did not come from that producer
    /// under that number is left as it is.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="producer">The producer that the mirror is here.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="changes">What the messages are now. They have different ids.</param>
    /// <param name="cancellationToken">Ends the request between two transactions.</param>
    /// <exception cref="OutOfTurnException">A higher epoch was seen. The last of the changes may not have been made.</exception>
    /// <exception cref="UnavailableException">Storage failed; it is unknown which changes were made. They may be sent again.</exception>
    public async Task MirrorAsync(
        QueueAddress queue,
        ProducerName producer,
        long epoch,
        IReadOnlyList<RelayedChange> changes,
        CancellationToken cancellationToken)
    {
        await mirrors.ApplyAsync(queue, producer, epoch, changes, cancellationToken);
        states.Of(queue).Changed.Set();
    }

    /// <summary>Ends all waits, also later ones, as if their time were up. Called when the process is about to stop.</summary>
    public void StopWaiting() => stopping.Cancel();

    /// <summary>Does the timer's work: removes expired messages and moves messages that became visible, for about the given time.</summary>
    public Task SweepAsync(TimeSpan time, CancellationToken cancellationToken) => sweeper.RunAsync(time, cancellationToken);

    /// <summary>Whether a change is served in a group: a claim or take of the first visible messages, with a limit.</summary>
    private static bool IsGrouped(MessageSelection selection, Attributes? attributes) =>
        selection is { MatchHidden: false, Marker: null, After: null, Limit: >= 1 }
        && (attributes is null || attributes.Value.IsClaim);

    private async Task<NameList> DeleteAllAsync(Task<NameList> matching, Func<string, Task<bool>> delete)
    {
        var begun = context.Time.GetTimestamp();
        var list = await matching;
        for (var i = 0; i < list.Names.Count; i++)
        {
            var more = await delete(list.Names[i]);
            if (more || (i + 1 < list.Names.Count && context.Time.GetElapsedTime(begun) > QueueLimits.BulkChangeTime))
                return new([.. list.Names.Take(i + 1)], More: true);
        }

        return list;
    }

    /// <param name="queue">The queue.</param>
    /// <param name="selection">The messages.</param>
    /// <param name="attributes">What to set; null: delete the messages.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    private async Task<MessageList> ChangeAsync(
        QueueAddress queue, MessageSelection selection, Attributes? attributes, CancellationToken cancellationToken)
    {
        // What waits behind its group is not handed out.
        var hands = attributes is { } update ? update.IsClaim : selection.Detail != Detail.None;
        if (hands && (await Policies.OfAsync(queue)).Paused)
            return MessageList.OfPaused;
        if (IsGrouped(selection, attributes))
        {
            var limit = selection.Limit!.Value;
            var kind = new ClaimKind(attributes ?? default, Remove: attributes is null, selection.Detail, limit > ClaimGroup.MaxMessages);
            var list = await states.Of(queue).ClaimsOf(kind).SubmitAsync(new(limit, selection.Memory), cancellationToken);
            if (!ReferenceEquals(list, MessageList.OfGroups))
                return list;
        }

        MessageChange change = attributes is { } some
            ? new MessageChange.Update(some, Delivers: true)
            : new MessageChange.Remove(MessageLife.Live);
        return await bulk.ChangeAsync(queue, selection with { MatchWaiting = !hands }, change, hands, cancellationToken);
    }

    private void WakeIfVisible(QueueAddress queue, Message? message)
    {
        if (message is { Hide: 0, Died: null })
            states.Of(queue).Changed.Set();
    }
}
