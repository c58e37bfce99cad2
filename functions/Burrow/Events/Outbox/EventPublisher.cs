using System.Collections.Concurrent;
using System.Diagnostics;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using Burrow.Tables.Wrappers;
using Burrow.Telemetry;
using Microsoft.Extensions.Logging;
using PendingEvents = Burrow.Queues.Scheduling.PendingRequest<Burrow.Events.Outbox.UnpublishedEvents, bool>;

namespace Burrow.Events.Outbox;

/// <summary>
/// The one place that publishes: to Event Grid, at least once. Events of concurrent puts are sent together; while one request is
/// under way, those that come wait for the next. Once Event Grid took them, their rows are deleted. Where it is down, slow or
/// throttles, nothing waits for it: the rows stay, and the timer publishes them.
/// </summary>
internal sealed partial class EventPublisher : IEventOutbox
{
    /// <summary>Bytes of one request; Event Grid takes 1 MB.</summary>
    private const int RequestBytes = 900_000;

    /// <summary>Bytes that wait in this process at a time; what is more is left to the timer.</summary>
    private const int MaxWaiting = 32 * 1024 * 1024;

    /// <summary>What a process wrote as recently as this, it publishes itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long the timer waits for one queue's events to be taken.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Where Event Grid took others this recently, what it doesn't take is that event's fault, and not that of the settings.</summary>
    private static readonly TimeSpan Recently = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(10);

    private readonly IEventSink sink;
    private readonly EventComposer outbox;
    private readonly Func<QueueAddress, CancellationToken, ValueTask<EventKinds>> wanted;
    private readonly ITable messages;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly GroupCommit<UnpublishedEvents, bool> group;

    /// <summary>What this was made in, before there was any request.</summary>
    private readonly ExecutionContext constructionContext = ExecutionContext.Capture()!;

    /// <summary>Rows that this process is about to publish.</summary>
    private readonly ConcurrentDictionary<(string Partition, string Key), bool> queued = new();

    private long waiting;
    private int failures;
    private DateTimeOffset pausedUntil;
    private DateTimeOffset takenLast;

    /// <param name="sink">Where events go.</param>
    /// <param name="outbox">What their rows are.</param>
    /// <param name="wanted">What somebody wants to hear of a queue.</param>
    /// <param name="store">Where the rows are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">For jitter.</param>
    /// <param name="logger">Told of what nobody else is told.</param>
    public EventPublisher(
        IEventSink sink,
        EventComposer outbox,
        Func<QueueAddress, CancellationToken, ValueTask<EventKinds>> wanted,
        ITableStore store,
        TimeProvider time,
        Random random,
        ILogger<EventPublisher> logger)
    {
        this.sink = sink;
        this.outbox = outbox;
        this.wanted = wanted;
        messages = new RetryingTable(store.Open(QueueContext.MessagesTable), time, random);
        this.time = time;
        this.logger = logger;
        group = new("publish", ServeAsync, unpublished => unpublished.Weight, RequestBytes);
    }

    private bool IsPaused => time.GetUtcNow() < pausedUntil;

    /// <summary>About as many bytes as an event takes in a request.</summary>
    public static int WeightOf(QueueAddress queue, OutboxRow row) => row.Columns.GetBytes("data").Length + EventComposer.EnvelopeOf(queue, EventComposer.MessageOf(row));

    public ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        wanted(queue, cancellationToken);

    public OutboxRow NewMessageCreated(QueueAddress queue, MessageState message, PutRequest request) => outbox.NewMessageCreated(queue, message, request);

    public OutboxRow NewMessageExpired(QueueAddress queue, MessageState message, MessageRow? line) => outbox.NewMessageExpired(queue, message, line);

    public void Publish(QueueAddress queue, IReadOnlyList<OutboxRow> announcements)
    {
        if (IsPaused || Interlocked.Read(ref waiting) > MaxWaiting)
            return;
        // It is nobody's request, so it doesn't go on under the one that it came from.
        ExecutionContext.Run(constructionContext, nothing => _ = PublishAsync(new(queue, announcements)), null);
    }

    public async Task<bool> DrainAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.EventsFrom, QueueKeys.EventsBefore) { Top = 100 };
        var underWay = false;
        RowPage page;
        do
        {
            page = await messages.QueryAsync(queue.Partition, query, cancellationToken);
            var before = (time.GetUtcNow() - Patience).UtcTicks;
            var old = page.Rows.Select(row => new OutboxRow(row.Key, row.Columns)).Where(row => EventComposer.WrittenAt(row) < before).ToList();
            underWay |= old.RemoveAll(row => queued.ContainsKey((queue.Partition, row.Key))) > 0;
            if (old.Count > 0 && (IsPaused || !await IsPublishedInTimeAsync(new(queue, old))))
            {
                RecordLag(old);
                return false;
            }

            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null && !isTimeUp());

        return page.Continuation is null && !underWay;
    }

    /// <summary>Others wait for the timer, too.</summary>
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

    /// <returns>Whether Event Grid took them.</returns>
    private async Task<bool> PublishAsync(UnpublishedEvents unpublished)
    {
        var weight = unpublished.Weight;
        foreach (var row in unpublished.Rows)
            queued[(unpublished.Queue.Partition, row.Key)] = true;
        Interlocked.Add(ref waiting, weight);
        try
        {
            return await group.SubmitAsync(unpublished, CancellationToken.None);
        }
        catch (Exception e)
        {
            // Nothing is lost: the rows are there.
            Unexpected(e);
            return false;
        }
        finally
        {
            Interlocked.Add(ref waiting, -weight);
            foreach (var row in unpublished.Rows)
                queued.TryRemove((unpublished.Queue.Partition, row.Key), out _);
        }
    }

    private async Task ServeAsync(IReadOnlyList<PendingEvents> pending)
    {
        // For many messages of many requests: beneath none of them.
        Activity.Current = null;
        var rows = pending.SelectMany(one => one.Request.Rows.Select(row => (one.Request.Queue, Row: row))).ToList();
        var sent = new List<(QueueAddress Queue, OutboxRow Row)>();
        try
        {
            foreach (var request in Pack(rows))
            {
                if (!await SendAsync(request, sent))
                    break;
            }
        }
        finally
        {
            await Task.WhenAll(sent.GroupBy(one => one.Queue).Select(queue => DeleteRowsAsync(queue.Key, [.. queue.Select(one => one.Row.Key).Distinct()])));
        }

        var taken = sent.Select(one => one.Row).ToHashSet();
        foreach (var one in pending)
            one.Complete(one.Request.Rows.All(taken.Contains));
    }

    private static IEnumerable<List<(QueueAddress Queue, OutboxRow Row)>> Pack(List<(QueueAddress Queue, OutboxRow Row)> rows)
    {
        var request = new List<(QueueAddress, OutboxRow)>();
        var bytes = 0;
        foreach (var row in rows)
        {
            var weight = WeightOf(row.Queue, row.Row);
            if (request.Count > 0 && bytes + weight > RequestBytes)
            {
                yield return request;
                (request, bytes) = ([], 0);
            }

            request.Add(row);
            bytes += weight;
        }

        yield return request;
    }

    /// <summary>Sends events, by halves where Event Grid doesn't want them together: one alone that it never takes is given up.</summary>
    /// <param name="rows">What to send.</param>
    /// <param name="done">Gets what needn't be sent any more.</param>
    /// <returns>Whether there is any use in going on.</returns>
    private async Task<bool> SendAsync(List<(QueueAddress Queue, OutboxRow Row)> rows, List<(QueueAddress Queue, OutboxRow Row)> done)
    {
        if (IsPaused)
            return false;
        using var span = Instruments.Source.StartActivity("publish to Event Grid", ActivityKind.Client);
        span?.SetTag("messaging.system", "eventgrid").SetTag("messaging.batch.message_count", rows.Count).SetStatus(ActivityStatusCode.Error);
        try
        {
            await sink.SendAsync(rows, CancellationToken.None);
        }
        catch (EventsRefusedException e) when (e.IsTheirs && rows.Count > 1)
        {
            var half = rows.Count / 2;
            return await SendAsync(rows[..half], done) && await SendAsync(rows[half..], done);
        }
        catch (EventsRefusedException e) when (e.IsTheirs && (e.IsTooLarge || time.GetUtcNow() - takenLast < Recently))
        {
            Discarded(rows[0].Row.Columns.GetString("event")!, e.Message);
            done.AddRange(rows);
            return true;
        }
        catch (EventsRefusedException e)
        {
            failures++;
            var pause = e.RetryAfter ?? TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(failures, 10) - 1), 60));
            pausedUntil = time.GetUtcNow() + (pause < MaxPause ? pause : MaxPause);
            Refused(e.Message, pausedUntil - time.GetUtcNow());
            return false;
        }

        span?.SetStatus(ActivityStatusCode.Unset);
        MessageTrace.Published(span, rows.Select(one => (one.Queue, EventComposer.MessageOf(one.Row), EventComposer.TraceParentOf(one.Row))));
        (failures, takenLast) = (0, time.GetUtcNow());
        done.AddRange(rows);
        Instruments.EventsPublished.Add(rows.Count);
        foreach (var (_, row) in rows)
            RecordLag([row]);
        return true;
    }

    /// <summary>How late the oldest of them is: published now, or still not.</summary>
    private void RecordLag(IEnumerable<OutboxRow> rows) =>
        Instruments.OutboxLag.Record(TimeSpan.FromTicks(time.GetUtcNow().UtcTicks - rows.Min(EventComposer.WrittenAt)).TotalSeconds);

    /// <summary>Deletes rows that were published; some may be gone, published by another process.</summary>
    private async Task DeleteRowsAsync(QueueAddress queue, List<string> keys)
    {
        try
        {
            foreach (var some in keys.Chunk(TableLimits.TransactionOperations))
            {
                var rest = some.ToList();
                while (rest.Count > 0)
                {
                    var result = await messages.SubmitAsync(
                        queue.Partition, [.. rest.Select(key => Operation.Delete(key, Operation.Any))], CancellationToken.None);
                    if (result.Committed)
                        break;
                    rest.RemoveAt(Math.Max(0, result.FailedIndex));
                }
            }
        }
        catch (TableUnavailableException e)
        {
            // They are published again: at least once.
            NotDeleted(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event Grid does not take events ({Reason}); they are kept, and tried again after {Pause}.")]
    private partial void Refused(string reason, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event Grid never takes the event {Id}, which is given up: {Reason}")]
    private partial void Discarded(string id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events were published, and will be again, as storage does not answer: {Reason}")]
    private partial void NotDeleted(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Events could not be published; they are kept, and the timer tries again.")]
    private partial void Unexpected(Exception exception);
}
