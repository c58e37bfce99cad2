using System.Collections.Concurrent;
using System.Diagnostics;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using Burrow.Tables.Wrappers;
using Microsoft.Extensions.Logging;
using PendingEvents = Burrow.Queues.Scheduling.PendingRequest<Burrow.Events.Outbox.UnpublishedEvents, bool>;

namespace Burrow.Events.Outbox;

/// <summary>
/// Publishes the outbox to Event Grid, at least once. It sends the events of concurrent puts together: while one request is under way, new
/// events wait for the next. After Event Grid has accepted events, it deletes their rows. No put waits for any of this.
/// </summary>
internal sealed partial class EventPublisher : IEventOutbox
{
    /// <summary>The most bytes of events that wait in this process at a time. The timer publishes the rest.</summary>
    private const int MaxWaiting = 32 * 1024 * 1024;

    private const int PageSize = 100;

    /// <summary>The process that wrote a row publishes it within this time, so the timer leaves younger rows alone.</summary>
    private static readonly TimeSpan WriterTime = TimeSpan.FromSeconds(30);

    /// <summary>How long the timer waits for one queue's events.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    private readonly EventComposer composer;
    private readonly EventSender sender;
    private readonly Func<QueueAddress, CancellationToken, ValueTask<EventKinds>> kinds;
    private readonly ITable messages;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly GroupCommit<UnpublishedEvents, bool> sends;

    /// <summary>The context in which the constructor ran. It belongs to no request.</summary>
    private readonly ExecutionContext constructionContext = ExecutionContext.Capture()!;

    /// <summary>Rows that this process is publishing.</summary>
    private readonly ConcurrentDictionary<(string Partition, string Key), bool> underWay = new();

    private long waitingBytes;

    /// <param name="sink">Where events go.</param>
    /// <param name="composer">Composes and parses their rows.</param>
    /// <param name="kinds">Which events of a queue have a subscriber.</param>
    /// <param name="store">The tables.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">The source of jitter.</param>
    /// <param name="logger">The log.</param>
    public EventPublisher(
        IEventSink sink,
        EventComposer composer,
        Func<QueueAddress, CancellationToken, ValueTask<EventKinds>> kinds,
        ITableStore store,
        TimeProvider time,
        Random random,
        ILogger<EventPublisher> logger)
    {
        (this.composer, this.kinds, this.time, this.logger) = (composer, kinds, time, logger);
        sender = new(sink, time, logger);
        messages = new RetryingTable(store.Open(QueueContext.MessagesTable), time, random);
        sends = new("publish", ServeAsync, unpublished => unpublished.Weight, EventSender.RequestBytes);
    }

    public ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken) => kinds(queue, cancellationToken);

    public OutboxRow NewMessageCreated(QueueAddress queue, MessageState message, PutRequest request) =>
        composer.NewMessageCreated(queue, message, request);

    public OutboxRow NewMessageExpired(QueueAddress queue, MessageState message, MessageRow? row) =>
        composer.NewMessageExpired(queue, message, row);

    public OutboxRow NewMessageDead(QueueAddress queue, MessageState message, MessageRow row, IReadOnlyList<Cause> causes) =>
        composer.NewMessageDead(queue, message, row, causes);

    public void Publish(QueueAddress queue, IReadOnlyList<OutboxRow> rows)
    {
        if (sender.IsPaused(queue.Account) || Interlocked.Read(ref waitingBytes) > MaxWaiting)
            return;
        // This work belongs to no single request, so it does not run under the span of the one that wrote the rows.
        ExecutionContext.Run(constructionContext, _ => _ = PublishAsync(new(queue, rows)), null);
    }

    public async Task<bool> DrainAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.EventsFrom, QueueKeys.EventsBefore) { Top = PageSize };
        var (isUnderWay, isLastPage) = (false, false);
        await foreach (var page in messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            var before = (time.GetUtcNow() - WriterTime).UtcTicks;
            var old = page.Rows.Select(row => new OutboxRow(row.Key, row.Columns))
                .Where(row => EventComposer.WrittenAt(row) < before)
                .ToList();
            isUnderWay |= old.RemoveAll(row => underWay.ContainsKey((queue.Partition, row.Key))) > 0;
            if (old.Count > 0 && (sender.IsPaused(queue.Account) || !await IsPublishedInTimeAsync(new(queue, old))))
            {
                sender.RecordLag(old);
                return false;
            }

            isLastPage = page.Continuation is null;
            if (isTimeUp())
                break;
        }

        return isLastPage && !isUnderWay;
    }

    /// <summary>Whether Event Grid accepts the events within <see cref="DrainTimeout"/>. The timer has other queues to visit.</summary>
    private async Task<bool> IsPublishedInTimeAsync(UnpublishedEvents unpublished)
    {
        try
        {
            return await PublishAsync(unpublished).WaitAsync(DrainTimeout, time);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <returns>Whether Event Grid accepted them.</returns>
    private async Task<bool> PublishAsync(UnpublishedEvents unpublished)
    {
        var weight = unpublished.Weight;
        foreach (var row in unpublished.Rows)
            underWay[(unpublished.Queue.Partition, row.Key)] = true;
        Interlocked.Add(ref waitingBytes, weight);
        try
        {
            return await sends.SubmitAsync(unpublished, CancellationToken.None);
        }
        catch (Exception e)
        {
            // Nothing is lost: the rows are stored.
            Unexpected(e);
            return false;
        }
        finally
        {
            Interlocked.Add(ref waitingBytes, -weight);
            foreach (var row in unpublished.Rows)
                underWay.TryRemove((unpublished.Queue.Partition, row.Key), out _);
        }
    }

    private async Task ServeAsync(IReadOnlyList<PendingEvents> pending)
    {
        // The events belong to many requests, so the request to Event Grid runs under the span of none.
        Activity.Current = null;
        var rows = pending.SelectMany(one => one.Request.Rows.Select(row => (one.Request.Queue, Row: row))).ToList();
        var done = new List<(QueueAddress Queue, OutboxRow Row)>();
        try
        {
            await sender.SendAllAsync(rows, done);
        }
        finally
        {
            // If the process dies before the rows are deleted, the timer sends these events again, with the same ids.
            await Task.WhenAll(done.GroupBy(one => one.Queue).Select(
                queue => DeleteRowsAsync(queue.Key, [.. queue.Select(one => one.Row.Key).Distinct()])));
        }

        var published = done.Select(one => one.Row).ToHashSet();
        foreach (var one in pending)
            one.Complete(one.Request.Rows.All(published.Contains));
    }

    /// <summary>Deletes the rows of published events. Some may be gone, because another process published them too.</summary>
    private async Task DeleteRowsAsync(QueueAddress queue, List<string> keys)
    {
        try
        {
            await messages.DeleteAsync(queue.Partition, keys);
        }
        catch (TableUnavailableException e)
        {
            // The timer publishes these events again: the promise is at least once.
            NotDeleted(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events were published, and will be again, as storage does not answer: {Reason}")]
    private partial void NotDeleted(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Events could not be published; they are kept, and the timer tries again.")]
    private partial void Unexpected(Exception exception);
}
