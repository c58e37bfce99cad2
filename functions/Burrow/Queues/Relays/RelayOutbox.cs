using System.Runtime.CompilerServices;
using Burrow.Queues.Directory;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Settings;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Relays;

/// <summary>
/// Works on the links of relays, in the background: prepares queues, sends their outboxes, and removes what is left of relays that are gone
/// (docs/design/relays.md). Any number of processes may do so.
/// </summary>
internal sealed class RelayOutbox : IRelayOutbox
{
    /// <summary>Links that this process works on at a time. Each has some batches in memory.</summary>
    private const int MaxWorking = 32;

    /// <summary>How often the timer looks at a queue that can't go on.</summary>
    private static readonly TimeSpan LongestVisit = TimeSpan.FromMinutes(5);

    /// <summary>How long to wait before a look at a link that another process has.</summary>
    private static readonly TimeSpan HeldPause = TimeSpan.FromSeconds(5);

    /// <summary>Longer pauses are left to the timer.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private static readonly Backoff Pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

    private readonly QueueContext context;
    private readonly DueTable due;
    private readonly QueueSettings settings;
    private readonly RelayTable table;
    private readonly NameLister names;
    private readonly RelayPreparer preparer;
    private readonly RelayPump pump;
    private readonly Wakeups wakeups;
    private readonly Wakeups preparing;
    private readonly SemaphoreSlim working = new(MaxWorking);
    private readonly CancellationToken stopping;

    public RelayOutbox(
        QueueContext context,
        DueTable due,
        QueueSettings settings,
        RelayTable table,
        NameLister names,
        MessageFinder finder,
        IRelayWire wire,
        RelayPeer peer,
        RelayStamp stamp,
        CancellationToken stopping)
    {
        (this.context, this.due, this.settings, this.table, this.names, this.stopping) = (context, due, settings, table, names, stopping);
        preparer = new(context, finder, peer);
        pump = new(context, settings, wire, peer, stamp, finder);
        wakeups = new(RunAsync, Failed);
        preparing = new(PrepareAllAsync, Failed);

        void Failed(Exception e)
        {
            if (!stopping.IsCancellationRequested)
                context.Logger.BackgroundFailed(e.Message);
        }
    }

    public void Wake(QueueAddress queue)
    {
        if (!stopping.IsCancellationRequested)
            wakeups.Wake(queue);
    }

    public async Task<TimeSpan?> DrainAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        if (!(await settings.OfAsync(queue.Account)).HasRelayed)
            return null;
        var look = await LookAsync(queue);
        if (look.Front is { } front)
            Instruments.RelayLag.Record(TimeSpan.FromTicks(Math.Max(0, context.Now - front.Written)).TotalSeconds);
        if (look.IsQuiet && look.Link?.IsForgotten(context.Now) != true)
            return null;
        Wake(queue);
        var next = (look.Link?.Next ?? 0) - context.Now;
        return TimeSpan.FromTicks(Math.Clamp(next, TimeSpan.TicksPerMinute, LongestVisit.Ticks));
    }

    public async ValueTask<bool> RemembersAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        (await settings.OfAsync(queue.Account)).HasRelayed
        && (await table.ReadAsync(queue, cancellationToken) is not null || await FrontAsync(queue) is not null);

    public async Task<bool> PrepareAsync(AccountName account, CancellationToken cancellationToken)
    {
        if (!(await settings.ReadAsync(account, cancellationToken)).IsPreparing)
            return true;
        Prepare(account);
        return false;
    }

    /// <summary>Looks at all queues of an account in the background, after its relays were changed.</summary>
    public void Prepare(AccountName account)
    {
        if (!stopping.IsCancellationRequested)
            preparing.Wake(DueRow.PreparingOf(account));
    }

    /// <summary>Whether a link has something to send.</summary>
    public async Task<bool> HoldsAsync(RelayLink link, CancellationToken cancellationToken) =>
        await FrontAsync(link.Queue) is { } front && front.Incarnation == link.Incarnation;

    /// <summary>
    /// Wakes each queue of an account that has something to do. A due row, written before, brings the timer to it until that is done: so a
    /// queue that can't go on holds no other one up.
    /// </summary>
    private async Task PrepareAllAsync(QueueAddress account)
    {
        var read = await settings.ReadAsync(account.Account, CancellationToken.None);
        if (!read.IsPreparing)
            return;
        await foreach (var queues in names.AllQueuesAsync(account.Account, CancellationToken.None).Chunk(RelayLimits.Looks))
            await Task.WhenAll(queues.Select(LookAfterAsync));
        // A link may serve a queue that is no longer a relay's, or that is empty.
        await foreach (var links in table.ListAsync(account.Account, CancellationToken.None))
        {
            foreach (var some in links.Chunk(RelayLimits.Looks))
                await Task.WhenAll(some.Select(link => LookAfterAsync(link.Queue)));
        }

        await settings.ChangeAsync(
            account.Account, now => now.ETag == read.ETag ? now with { IsPreparing = false } : null, CancellationToken.None);

        async Task LookAfterAsync(QueueAddress queue)
        {
            if ((await LookAsync(queue)).IsQuiet || stopping.IsCancellationRequested)
                return;
            await due.ScheduleAsync(queue, [context.Now], CancellationToken.None);
            Wake(queue);
        }
    }

    /// <summary>The queues of which a relay may have something to send.</summary>
    public async IAsyncEnumerable<QueueAddress> QueuesOfAsync(
        AccountName account, AccountSettings read, Relay relay, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var told = new HashSet<string>();
        await foreach (var links in table.ListAsync(account, cancellationToken))
        {
            foreach (var link in links.Where(link => link.Incarnation == relay.Incarnation && told.Add(link.Queue.Partition)))
                yield return link.Queue;
        }

        await foreach (var queue in names.AllQueuesAsync(account, cancellationToken))
        {
            if (read.RelayOf(queue.Queue)?.Incarnation == relay.Incarnation && told.Add(queue.Partition))
                yield return queue;
        }
    }

    private async Task RunAsync(QueueAddress queue)
    {
        while (!stopping.IsCancellationRequested && await StepAsync(queue) is { } pause)
        {
            if (pause > LongestWait)
                return;
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, context.Time, stopping);
        }
    }

    /// <summary>Does the next step for a queue.</summary>
    /// <returns>How long to wait before the one after it; null: there is none for now.</returns>
    private async Task<TimeSpan?> StepAsync(QueueAddress queue)
    {
        var look = await LookAsync(queue);
        if (look.NeedsCertainty)
            look = look with { Account = await ReadSettingsAsync(queue.Account) };
        if (look.Link is not { } link)
            return await BeginAsync(look);
        if (look.Served is not { } served || look.Relay is null)
            return await RemoveAsync(link);
        if (link.Tried >= served.Generation && link.Next > context.Now)
            return link.Next == long.MaxValue ? null : TimeSpan.FromTicks(link.Next - context.Now);
        // A clock that is ahead takes the link too early. That costs what both send, and nothing else.
        if (link.Holder is not null && link.Until > context.Now)
            return TimeSpan.FromTicks(Math.Min(HeldPause.Ticks, link.Until - context.Now + 1));
        if (served.Incarnation != look.Relay.Incarnation)
            return await PassOnAsync(look, link, served);
        if (look.Front is { } front && front.Incarnation != link.Incarnation)
        {
            // The link of the relay that wrote it comes first.
            if (look.Account.RelayOf(front.Incarnation) is null)
                await DropLeftAsync(queue, front.Incarnation);
            else
                await table.RemoveAsync(link, CancellationToken.None);
            return TimeSpan.Zero;
        }

        if (!link.IsPrepared || (look.Front is null && link.Generation < served.Generation))
            return await UnderLeaseAsync(link, served, preparer.RunAsync);
        if (look.Front is not null)
            return await UnderLeaseAsync(link, served, pump.RunAsync);
        if (!look.IsMarked)
        {
            // The outbox was full, or a process did not know of the relay when it opened the queue.
            await table.WriteAsync(link with { IsPrepared = false }, CancellationToken.None);
            return TimeSpan.Zero;
        }

        if (!link.IsForgotten(context.Now))
            return null;
        // What changes later of the messages that stand here must find their copies there: the other side is asked, so it remembers.
        if (served.Mode == RelayMode.Mirror && look.Head.IsOpen)
            return await UnderLeaseAsync(link, served, pump.RunAsync);
        await table.RemoveAsync(link, CancellationToken.None);
        return null;
    }

    /// <summary>Begins a link where there is none.</summary>
    private async Task<TimeSpan?> BeginAsync(Look look)
    {
        var queue = look.Queue;
        // What is at the front is sent first.
        var incarnation = look.Front?.Incarnation ?? look.Mark?.Incarnation;
        if (incarnation is not null && look.Account.RelayOf(incarnation) is null)
        {
            await UnmarkAsync(queue, incarnation);
            await DropLeftAsync(queue, incarnation);
            return TimeSpan.Zero;
        }

        var owner = incarnation is null ? look.Relay : look.Account.RelayOf(incarnation);
        if (owner is null || (incarnation is null && !look.Head.IsOpen))
            return null;
        await due.ScheduleAsync(queue, [context.Now, LastVisit(Today())], CancellationToken.None);
        // A mirror may have to remove there what is not here.
        var isWhole = owner.Mode == RelayMode.Copy
            && look.Head.Relay is { IsWhole: true } mark && mark.Incarnation == owner.Incarnation;
        await table.WriteAsync(
            new(null, queue, owner.Name, owner.Incarnation) { IsPrepared = isWhole, Used = Today() }, CancellationToken.None);
        return TimeSpan.Zero;
    }

    /// <summary>Another relay holds for the queue now. What the old one has in the outbox is sent first.</summary>
    private async Task<TimeSpan?> PassOnAsync(Look look, RelayLink link, Relay served)
    {
        // Rows of a queue that was not prepared yet have gaps between them: the messages stand here, and the other relay sends them.
        if (!link.IsPrepared)
            return await RemoveAsync(link);
        await UnmarkAsync(look.Queue, link.Incarnation);
        if ((await FrontAsync(look.Queue))?.Incarnation == link.Incarnation)
            return await UnderLeaseAsync(link, served, pump.RunAsync);
        await table.RemoveAsync(link, CancellationToken.None);
        return TimeSpan.Zero;
    }

    /// <summary>The relay of a link is gone, and with it what it had to send.</summary>
    private async Task<TimeSpan?> RemoveAsync(RelayLink link)
    {
        // In this order: once no put writes such rows any more, no process prepares, and no pump sends what it reads from then on, those
        // that are left can be dropped for good.
        await UnmarkAsync(link.Queue, link.Incarnation);
        var own = await PreparingRow.TakeAsync(context, link.Queue.Partition);
        if (await table.RemoveAsync(link, CancellationToken.None))
            await DropRowsAsync(own, link.Queue, link.Incarnation);
        await own.ReleaseAsync();
        return TimeSpan.Zero;
    }

    private async Task<TimeSpan?> UnderLeaseAsync(RelayLink link, Relay served, Func<RelayLease, Relay, Task<RelayResult>> work)
    {
        await working.WaitAsync(stopping);
        try
        {
            // If this process dies meanwhile, the timer goes on.
            await due.ScheduleAsync(link.Queue, [context.Now], CancellationToken.None);
            return await RelayLease.TakeAsync(context, table, link) is { } lease
                ? await WorkAsync(lease, served, work)
                : TimeSpan.Zero;
        }
        finally
        {
            working.Release();
        }
    }

    private async Task<TimeSpan?> WorkAsync(RelayLease lease, Relay served, Func<RelayLease, Relay, Task<RelayResult>> work)
    {
        var link = lease.Link;
        RelayResult result;
        try
        {
            result = await work(lease, served);
        }
        catch (Exception e)
        {
            context.Logger.BackgroundFailed(e.Message);
            result = new(null, e is TableUnavailableException or UnavailableException
                ? "Storage here does not answer."
                : "Something failed here that was not expected: the log says what.");
        }

        if (result.IsLost || lease.IsLost)
            return HeldPause;
        var today = Today();
        if (today != lease.Link.Used)
            await due.ScheduleAsync(link.Queue, [LastVisit(today)], CancellationToken.None);
        if (result.Reason is null)
        {
            await lease.ReleaseAsync(
                one => one with
                {
                    Sent = result.Sent,
                    IsSettled = result.IsSettled,
                    IsPrepared = true,
                    Reason = null,
                    Next = 0,
                    Failures = 0,
                    Used = today,
                });
            // Looks once more: a process that committed meanwhile saw that the link was taken.
            return TimeSpan.Zero;
        }

        Instruments.RelayFailures.Add(1);
        var failures = lease.Link.Failures + 1;
        var pause = Pauses.Delay(failures - 1, context.Random);
        if (result.Pause > pause)
            pause = result.Pause.Value;
        await lease.ReleaseAsync(one => one with
        {
            Sent = one.Sent > result.Sent ? one.Sent : result.Sent ?? one.Sent,
            Reason = result.Reason,
            Next = pause == TimeSpan.MaxValue ? long.MaxValue : context.Now + pause.Ticks,
            Tried = served.Generation,
            Failures = failures,
        });
        return TimeSpan.Zero;
    }

    private Task UnmarkAsync(QueueAddress queue, string incarnation) => QueueHead.MarkAsync(
        context, queue.Partition, head => head.Relay?.Incarnation == incarnation ? null : head.Relay);

    /// <summary>Drops what a relay that is gone has left.</summary>
    private async Task DropLeftAsync(QueueAddress queue, string incarnation)
    {
        var own = await PreparingRow.TakeAsync(context, queue.Partition);
        await DropRowsAsync(own, queue, incarnation);
        await own.ReleaseAsync();
    }

    private async Task DropRowsAsync(PreparingRow own, QueueAddress queue, string incarnation)
    {
        var query = new RowQuery(QueueKeys.OutboxFrom, QueueKeys.OutboxBefore) { Select = RelayRow.WithoutBody };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, CancellationToken.None))
        {
            var dropped = page.Rows
                .Where(row => OutboxRows.Holds(row.Key) && row.Columns.GetString(OutboxRows.Incarnation) == incarnation)
                .Select(row => ChangeRow.Is(row.Key) ? [ChangeRow.From(row).Delete()] : RelayRow.From(row).Delete());
            if (!await own.DeleteAsync(dropped))
                return;
        }
    }

    /// <summary>Reads where a queue's relay stands. The settings come last: a link is written only after its relay.</summary>
    private async Task<Look> LookAsync(QueueAddress queue)
    {
        var (link, head, front) = (
            await table.ReadAsync(queue, CancellationToken.None),
            await QueueHead.ReadAsync(context.Messages, queue.Partition, CancellationToken.None),
            await FrontAsync(queue));
        return new(queue, link, head, front, await settings.OfAsync(queue.Account));
    }

    private async Task<AccountSettings> ReadSettingsAsync(AccountName account)
    {
        settings.Forget();
        return await settings.ReadAsync(account, CancellationToken.None);
    }

    /// <summary>The first row of the outbox.</summary>
    private async Task<OutboxFront?> FrontAsync(QueueAddress queue)
    {
        var query = new RowQuery(QueueKeys.OutboxFrom, QueueKeys.OutboxBefore) { Top = 1, Select = OutboxRows.Columns };
        var (rows, _) = await context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
        return rows.Count == 0
            ? null
            : new(rows[0].Columns.GetString(OutboxRows.Incarnation)!, rows[0].Columns.GetInteger(OutboxRows.Written));
    }

    /// <summary>When a link that was used on a day and never again is forgotten, UTC ticks.</summary>
    private static long LastVisit(long day) => day + (RelayLimits.Kept + TimeSpan.FromDays(1)).Ticks;

    private long Today() => context.Time.GetUtcNow().UtcDateTime.Date.Ticks;

    /// <summary>The first row of an outbox.</summary>
    /// <param name="Incarnation">The relay that it is for.</param>
    /// <param name="Written">When it was written, UTC ticks.</param>
    private sealed record OutboxFront(string Incarnation, long Written);

    /// <summary>Where a queue's relay stands.</summary>
    private sealed record Look(QueueAddress Queue, RelayLink? Link, QueueHead Head, OutboxFront? Front, AccountSettings Account)
    {
        public RelayMark? Mark => Head.IsOpen ? Head.Relay : null;

        /// <summary>The relay that holds for the queue.</summary>
        public Relay? Relay => Account.RelayOf(Queue.Queue);

        /// <summary>The relay that the link serves.</summary>
        public Relay? Served => Link is null ? null : Account.RelayOf(Link.Incarnation);

        /// <summary>Whether every put of a new message writes its row.</summary>
        public bool IsMarked => !Head.IsOpen || Mark?.Serves(Relay) == true;

        /// <summary>Whether the next step removes something, unless this process does not know a relay yet.</summary>
        public bool NeedsCertainty => Relay?.Incarnation != Link?.Incarnation
            || (Mark is { } mark && mark.Incarnation != Link?.Incarnation)
            || (Front is { } front && front.Incarnation != Link?.Incarnation);

        /// <summary>Whether all that is to be sent has a row, or is sent.</summary>
        public bool IsPrepared => Relay is null
            ? Link is null && Mark is null
            : IsMarked && (Link is null ? Front is null : Link.IsPrepared && Link.Incarnation == Relay.Incarnation
                && Link.Generation >= Relay.Generation);

        /// <summary>Whether nothing is left to do.</summary>
        public bool IsQuiet => IsPrepared && Front is null;
    }
}
