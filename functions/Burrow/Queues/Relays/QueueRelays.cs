using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Settings;
using Burrow.Tables;

namespace Burrow.Queues.Relays;

/// <summary>
/// The relays of accounts. Every process heeds a change within 5 s, the one that made it at once. What is left to do after a change, the
/// process that made it begins at once; if it dies, the timer of any process goes on.
/// </summary>
public sealed class QueueRelays
{
    /// <summary>Rows of an outbox that are counted one by one.</summary>
    private const int MaxCounted = TableLimits.PageRows;

    private readonly QueueContext context;
    private readonly DueTable due;
    private readonly QueueSettings settings;
    private readonly RelayTable table;
    private readonly RelayOutbox outbox;
    private readonly MissingReader missing;
    private readonly MessageFinder finder;
    private readonly RelayStamp stamp;

    internal QueueRelays(
        QueueContext context,
        DueTable due,
        QueueSettings settings,
        RelayTable table,
        RelayOutbox outbox,
        MissingReader missing,
        MessageFinder finder,
        RelayStamp stamp)
    {
        (this.context, this.due, this.settings, this.table) = (context, due, settings, table);
        (this.outbox, this.missing, this.finder, this.stamp) = (outbox, missing, finder, stamp);
    }

    /// <summary>The stamp, if this process knows it.</summary>
    public string? KnownStamp => stamp.Known;

    /// <summary>The stamp of this deployment, which a relay learns from answers; null: it can't be read now.</summary>
    public async ValueTask<string?> StampAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await stamp.GetAsync(cancellationToken);
        }
        catch (TableUnavailableException)
        {
            return null;
        }
    }

    /// <summary>An account's relays for queues within a scope, in the order of their names.</summary>
    public async Task<IReadOnlyList<RelayState>> ListAsync(AccountName account, QueuePattern scope, CancellationToken cancellationToken)
    {
        var read = await settings.ReadAsync(account, cancellationToken);
        return await StatesAsync(account, read, [.. read.Relays.Where(relay => scope.Contains(relay.Queues))], cancellationToken);
    }

    private async Task<IReadOnlyList<RelayState>> StatesAsync(
        AccountName account, AccountSettings read, IReadOnlyList<Relay> relays, CancellationToken cancellationToken)
    {
        if (relays.Count == 0)
            return [];
        var links = new List<RelayLink>();
        await foreach (var page in table.ListAsync(account, cancellationToken))
        {
            links.AddRange(page);
            if (links.Count >= QueueLimits.AnswerItems)
                break;
        }

        var states = new List<RelayState>();
        foreach (var relay in relays)
        {
            var queues = new List<RelayQueue>();
            foreach (var some in links.Where(link => link.Incarnation == relay.Incarnation).Chunk(RelayLimits.Looks))
                queues.AddRange(await Task.WhenAll(some.Select(link => QueueOfAsync(relay, link, cancellationToken))));
            var reason = queues.Find(queue => queue.Reason is not null);
            states.Add(new(
                relay,
                reason is not null ? RelayPhase.Failing
                    : read.IsPreparing || queues.Exists(queue => queue.Phase == RelayPhase.Preparing) ? RelayPhase.Preparing
                    : RelayPhase.Active,
                reason is null ? null : $"{reason.Queue}: {reason.Reason}",
                [.. queues.OrderBy(queue => queue.Queue.Value, Name.ByCodePoint)]));
        }

        return states;
    }

    /// <summary>How far the relay of a queue has come; null: the queue has none. Costs nothing where the account never had one.</summary>
    public async Task<RelayQueue?> OfAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var account = await settings.OfAsync(queue.Account);
        return account.RelayOf(queue.Queue) is { } relay && await table.ReadAsync(queue, cancellationToken) is { } link
            && link.Incarnation == relay.Incarnation
            ? await QueueOfAsync(relay, link, cancellationToken)
            : null;
    }

    /// <summary>A relay and how far it has come; null if there is none of that name for queues within the scope.</summary>
    public async Task<RelayState?> GetAsync(
        AccountName account, RelayName name, QueuePattern scope, CancellationToken cancellationToken)
    {
        var read = await settings.ReadAsync(account, cancellationToken);
        var named = read.Relays.Where(relay => relay.Name == name && scope.Contains(relay.Queues)).ToList();
        return (await StatesAsync(account, read, named, cancellationToken)).FirstOrDefault();
    }

    /// <summary>
    /// Makes a relay, or puts it in place of the one of its name. What it has sent is not sent again, unless its other side is new.
    /// </summary>
    /// <param name="account">The account.</param>
    /// <param name="relay">The relay, with its key sealed.</param>
    /// <param name="scope">The queues that the caller may manage.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The relay as it is stored, and whether it is new.</returns>
    /// <exception cref="ForbiddenException">The relay is for queues beyond the scope, or would replace one that is.</exception>
    /// <exception cref="ConflictException">
    /// Another relay is for the same queues, or has messages to send of a queue that this one would take over.
    /// </exception>
    /// <exception cref="QuotaExceededException">There are too many relays already.</exception>
    public async Task<(Relay Relay, bool IsNew)> PutAsync(
        AccountName account, Relay relay, QueuePattern scope, CancellationToken cancellationToken)
    {
        if (!scope.Contains(relay.Queues))
            throw new ForbiddenException($"This key is for the queues {scope}.");
        await RequireFreeAsync(account, relay, cancellationToken);
        await due.SchedulePreparingAsync(account, cancellationToken);
        var (stored, created, incarnation) = (relay, (bool?)null, Revisions.New(context.Random));
        await settings.ChangeAsync(
            account,
            all =>
            {
                var old = all.Relays.FirstOrDefault(one => one.Name == relay.Name);
                created ??= old is null;
                if (old is not null && !scope.Contains(old.Queues))
                    throw new ForbiddenException($"There is a relay '{relay.Name}' for other queues; this key is for the queues {scope}.");
                if (all.Relays.FirstOrDefault(one => one.Queues == relay.Queues && one.Name != relay.Name) is { } other)
                    throw new ConflictException($"The relay '{other.Name}' is for the queues {relay.Queues} already.");
                if (old is null && all.Relays.Count >= RelayLimits.Relays)
                    throw new QuotaExceededException($"An account has at most {RelayLimits.Relays} relays.");
                var isSame = old is not null && (old.To, old.Account, old.Mode) == (relay.To, relay.Account, relay.Mode);
                stored = relay with
                {
                    Incarnation = isSame ? old!.Incarnation : incarnation,
                    Generation = (old?.Generation ?? 0) + 1,
                };
                // Any relay may have to begin with queues that another one leaves to it.
                return all with
                {
                    HasRelayed = true,
                    IsPreparing = true,
                    Relays = [.. all.Relays.Where(one => one != old), stored],
                };
            },
            cancellationToken);
        outbox.Prepare(account);
        return (stored, created!.Value);
    }

    /// <summary>Deletes a relay, and drops what it has not sent.</summary>
    /// <returns>The relay as it was; null if there is none of that name for queues within the scope.</returns>
    public async Task<Relay?> DeleteAsync(AccountName account, RelayName name, QueuePattern scope, CancellationToken cancellationToken)
    {
        Relay? deleted = null;
        await due.SchedulePreparingAsync(account, cancellationToken);
        await settings.ChangeAsync(
            account,
            all =>
            {
                var found = all.Relays.FirstOrDefault(one => one.Name == name && scope.Contains(one.Queues));
                // After an attempt of unknown outcome, a relay that is gone was deleted by this request, or by another one meanwhile.
                deleted ??= found;
                return found is null
                    ? null
                    : all with { IsPreparing = true, Relays = [.. all.Relays.Where(one => one != found)] };
            },
            cancellationToken);
        if (deleted is not null)
            outbox.Prepare(account);
        return deleted;
    }

    /// <summary>
    /// The messages that the other side may lack, or hold otherwise: those that are not sent, and those that are sent and not answered for.
    /// At most <see cref="QueueLimits.AnswerItems"/>, and whether there are more.
    /// </summary>
    /// <returns>Null if there is no relay of that name for queues within the scope.</returns>
    public async Task<(IReadOnlyList<RelayMissing> Messages, bool More)?> MissingAsync(
        AccountName account, RelayName name, QueuePattern scope, CancellationToken cancellationToken)
    {
        var read = await settings.ReadAsync(account, cancellationToken);
        if (read.Relays.FirstOrDefault(one => one.Name == name && scope.Contains(one.Queues)) is not { } relay)
            return null;
        var found = new List<RelayMissing>();
        await foreach (var queue in outbox.QueuesOfAsync(account, read, relay, cancellationToken))
        {
            await foreach (var one in missing.ReadAsync(queue, relay, cancellationToken))
            {
                if (found.Count == QueueLimits.AnswerItems)
                    return (found, true);
                found.Add(one);
            }
        }

        return (found, false);
    }

    /// <summary>The messages of a queue, live and dead ones, that a relay of another deployment has sent, a page at a time.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="producer">The producer that the relay is here.</param>
    /// <param name="after">What the page before said; null: the first page.</param>
    /// <param name="cancellationToken">Cancels the reads.</param>
    /// <returns>
    /// The messages with their numbers, in no order; perhaps none. And the id after which the next page begins; null: this is the last one.
    /// </returns>
    public async Task<(IReadOnlyList<(MessageId Id, long Number)> Messages, MessageId? Next)> CameAsync(
        QueueAddress queue, ProducerName producer, MessageId? after, CancellationToken cancellationToken)
    {
        // Rows by id never move, so none is missed.
        var from = after is { } id ? QueueKeys.Index(id) + QueueKeys.First : QueueKeys.IndexFrom;
        var query = new RowQuery(from, QueueKeys.IndexBefore) { Top = TableLimits.PageRows, Select = [MessageColumns.Id] };
        var (rows, more) = await context.Messages.QueryFirstAsync(queue.Partition, query, cancellationToken);
        var ids = rows.Select(row => new MessageId(row.Columns.GetString(MessageColumns.Id)!)).ToList();
        var found = new List<(MessageId, long)>();
        foreach (var some in ids.Chunk(RelayLimits.Looks))
        {
            var lines = await Task.WhenAll(some.Select(
                one => finder.ReadRowAsync(queue, one, MessageLife.Live | MessageLife.Dead, cancellationToken)));
            found.AddRange(lines.OfType<MessageRow>().Where(line => line.Origin?.Producer == producer)
                .Select(line => (line.Id, line.Origin!.Number)));
        }

        return (found, more ? ids[^1] : null);
    }

    /// <summary>What another relay has to send of a queue is not left to this one.</summary>
    private async Task RequireFreeAsync(AccountName account, Relay relay, CancellationToken cancellationToken)
    {
        var all = await settings.ReadAsync(account, cancellationToken);
        var after = all with { Relays = [.. all.Relays.Where(one => one.Name != relay.Name), relay] };
        await foreach (var links in table.ListAsync(account, cancellationToken))
        {
            foreach (var link in links.Where(link => link.Relay != relay.Name && after.RelayOf(link.Queue.Queue) == relay))
            {
                if (all.RelayOf(link.Incarnation) is { } other && await outbox.HoldsAsync(link, cancellationToken))
                {
                    throw new ConflictException(
                        $"The relay '{other.Name}' has messages of the queue '{link.Queue.Queue}' to send, "
                        + "which this relay would take over. Nothing was changed.");
                }
            }
        }
    }

    private async Task<RelayQueue> QueueOfAsync(Relay relay, RelayLink link, CancellationToken cancellationToken)
    {
        var (messages, written) = await CountAsync(link, cancellationToken);
        return new(
            link.Queue.Queue,
            RelayPeer.ProducerOf(await stamp.GetAsync(cancellationToken), relay, link.Queue),
            link.Reason is not null ? RelayPhase.Failing : link.IsPrepared ? RelayPhase.Active : RelayPhase.Preparing,
            link.Reason,
            messages,
            messages == 0 ? 0 : Math.Max(0, (context.Now - written) / TimeSpan.TicksPerSecond));
    }

    /// <summary>How many messages wait in an outbox, and when the first one was put there.</summary>
    private async Task<(long Messages, long Written)> CountAsync(RelayLink link, CancellationToken cancellationToken)
    {
        var (messages, written, lastCount) = (0L, 0L, 0L);
        var query = new RowQuery(QueueKeys.OutboxFrom, QueueKeys.OutboxBefore)
        {
            Select = [OutboxRows.Written, .. RelayRow.ColumnsOfCount],
        };
        await foreach (var page in context.Messages.QueryPagesAsync(link.Queue.Partition, query, cancellationToken))
        {
            foreach (var row in page.Rows.Where(row => OutboxRows.Holds(row.Key)))
            {
                written = messages++ == 0 ? row.Columns.GetInteger(OutboxRows.Written) : written;
                lastCount = Math.Max(lastCount, RelayRow.CountOf(row));
            }

            if (messages < MaxCounted || page.Continuation is null)
                continue;
            var head = await QueueHead.ReadAsync(context.Messages, link.Queue.Partition, cancellationToken);
            return (messages + Math.Max(0, (head.Relay?.Count ?? 0) - lastCount), written);
        }

        return (messages, written);
    }
}
