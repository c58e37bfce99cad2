using System.Net;
using System.Runtime.CompilerServices;

namespace Burrow.Client;

/// <summary>
/// A queue. It exists while it holds a message, and needs no creating. Messages are handed out at least once: a worker whose claim ran
/// out, or whose last word was lost, has its message done again. So make what a message does harmless to do twice: by the message's id,
/// which stays the same.
/// </summary>
/// <remarks>
/// Every method throws a <see cref="BurrowException"/> if the service refuses the request or does not answer. Requests that do no harm when
/// they are sent twice are sent again; the others only if they surely were not carried out.
/// </remarks>
public sealed class BurrowQueue<T>
{
    private readonly Transport transport;
    private readonly BodyFormat<T> format;

    internal BurrowQueue(Transport transport, string account, string name, BodyFormat<T> format)
    {
        (this.transport, Account, Name, this.format) = (transport, account, name, format);
        DeadLetters = new(transport, account, name, format);
        Results = new(transport, account, name);
    }

    /// <summary>The account.</summary>
    public string Account { get; }

    /// <summary>The queue's name.</summary>
    public string Name { get; }

    /// <summary>The messages that died.</summary>
    public BurrowDeadLetters<T> DeadLetters { get; }

    /// <summary>What became of messages that were put with <see cref="PutOptions.Result"/>.</summary>
    public BurrowResults Results { get; }

    /// <summary>
    /// Puts a message at the end of the queue, or in the place of the message with its id. When the method returns, the message is stored.
    /// </summary>
    /// <exception cref="BurrowConflictException">
    /// <see cref="PutOptions.OnlyIfNew"/>: the id exists; <see cref="PutOptions.Receipt"/>: the message has another one; or it has another
    /// priority or group. Nothing was stored.
    /// </exception>
    /// <exception cref="BurrowQuotaException">There is no room. Nothing was stored.</exception>
    public async Task<PutResult> PutAsync(T body, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var bytes = format.Write(body);
        var id = options.Id is null ? Names.NewId() : Names.Check(options.Id, nameof(options));
        var onlyIfNew = options.OnlyIfNew || options.Id is null;
        var call = NewPut(id, bytes, options, onlyIfNew);
        var reply = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        // No other message has an id that was made here: its own first attempt stored it, and the answer was lost.
        if (reply is { IsUncertain: true, Status: HttpStatusCode.PreconditionFailed } && options.Id is null)
            return new(id, IsNew: true, Receipt: null);
        reply.Ensure();
        return new(id, reply.Status == HttpStatusCode.Created, reply.Receipt);
    }

    /// <summary>
    /// Puts many messages, in this order, in as few requests as they fit in. Each is stored on its own: if one fails, the others are
    /// stored all the same.
    /// </summary>
    /// <param name="bodies">Their bodies.</param>
    /// <param name="options">What is stored with each; it names no id. Null: nothing.</param>
    /// <param name="cancellationToken">Ends it; what was sent before is stored.</param>
    /// <returns>What was stored, in the same order.</returns>
    /// <exception cref="BurrowBatchException">Some were not stored; it says which, and why.</exception>
    public Task<IReadOnlyList<BatchResult>> PutManyAsync(
        IEnumerable<T> bodies, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.Id is not null)
            throw new ArgumentException("Each message needs an id of its own.", nameof(options));
        return PutManyAsync(bodies.Select(body => new NewMessage<T>(body, options)), cancellationToken);
    }

    /// <inheritdoc cref="PutManyAsync(IEnumerable{T}, PutOptions?, CancellationToken)"/>
    /// <param name="messages">The messages.</param>
    /// <param name="cancellationToken">Ends it; what was sent before is stored.</param>
    public async Task<IReadOnlyList<BatchResult>> PutManyAsync(
        IEnumerable<NewMessage<T>> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var results = await SendAllAsync(BatchWriter.Pack(messages, format), "stored", cancellationToken).ConfigureAwait(false);
        return results.All(result => result.IsDone) ? results : throw BurrowBatchException.Of(results, "stored", null);
    }

    /// <summary>The message, hidden or not; null: it is not there.</summary>
    public async Task<Message<T>?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(One(HttpMethod.Get, "get", id).With("detail", "full"), cancellationToken).ConfigureAwait(false))
            .IfFound() is { } reply
            ? new(reply.Read(WireJson.Default.WireMessage), format)
            : null;

    /// <summary>The messages that are there, in the order of the puts, page by page.</summary>
    public async IAsyncEnumerable<Message<T>> ListAsync(
        ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var next = options ?? new(); ;)
        {
            var (messages, cursor, more) = await PageAsync(next, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            foreach (var message in messages)
                yield return message;
            if (!more || cursor is null)
                yield break;
            next = next with { Marker = null, Reader = null, After = cursor };
        }
    }

    /// <summary>
    /// The messages that are there, then each one that comes, in the order of the puts, without end. After an interruption it goes on
    /// behind the last message that was shown: none is missed, none is shown twice. While the service is away, it tries again, without end.
    /// </summary>
    /// <param name="options">Where to begin; null: at the start.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public IAsyncEnumerable<Message<T>> FollowAsync(FollowOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        return options.Stream == false
            ? FollowByPagesAsync(options, cancellationToken)
            : new StreamFollower<T>(transport, () => options.ApplyTo(Many(HttpMethod.Get, "follow")), format).ReadAsync(cancellationToken);
    }

    /// <summary>
    /// Claims messages: they are hidden from others for this long, and are yours. If the answer is lost, they come back after that.
    /// </summary>
    /// <param name="limit">How many at most, 1 to 1,000.</param>
    /// <param name="hide">For how long, at least 1 s.</param>
    /// <param name="wait">How long to wait for the first one; <see cref="Timeout.InfiniteTimeSpan"/>: until there is one.</param>
    /// <param name="cancellationToken">Ends the wait. Messages that were claimed at that moment come back after their time.</param>
    /// <returns>By priority and order; none if there is none, or the queue is paused.</returns>
    public async Task<IReadOnlyList<ClaimedMessage<T>>> ClaimAsync(
        int limit, TimeSpan hide, TimeSpan wait = default, CancellationToken cancellationToken = default)
    {
        CheckLimit(limit);
        ArgumentOutOfRangeException.ThrowIfLessThan(hide, TimeSpan.FromSeconds(1));
        var reply = await PollAsync(
            () => Many(HttpMethod.Post, "claim", Repeat.Always)
                .With("limit", limit)
                .With("hide", Seconds.Of(hide))
                .With("detail", "full"),
            Seconds.OfWait(wait, nameof(wait)),
            cancellationToken).ConfigureAwait(false);
        return reply is null
            ? []
            : Array.ConvertAll(
                reply.Read(WireJson.Default.WireMessageArray),
                message => new ClaimedMessage<T>(message, format, transport, Account, Name));
    }

    /// <summary>Claims one message.</summary>
    /// <returns>Null: there is none, or the queue is paused.</returns>
    /// <inheritdoc cref="ClaimAsync(int, TimeSpan, TimeSpan, CancellationToken)"/>
    public async Task<ClaimedMessage<T>?> ClaimAsync(
        TimeSpan hide, TimeSpan wait = default, CancellationToken cancellationToken = default) =>
        await ClaimAsync(1, hide, wait, cancellationToken).ConfigureAwait(false) is [var message] ? message : null;

    /// <summary>Claims one message after the other, without end, each when the one before was looked at.</summary>
    /// <param name="hide">For how long each is claimed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<ClaimedMessage<T>> ClaimsAsync(
        TimeSpan hide, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (await ClaimAsync(hide, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false) is { } message)
                yield return message;
        }
    }

    /// <summary>
    /// Takes messages: they are deleted, and shown. There is no second chance: if the answer is lost, they are lost. So it is not sent
    /// again, unless it surely was not carried out.
    /// </summary>
    /// <param name="limit">How many at most, 1 to 1,000.</param>
    /// <param name="wait">How long to wait for the first one; <see cref="Timeout.InfiniteTimeSpan"/>: until there is one.</param>
    /// <param name="cancellationToken">Ends the wait. Messages that were taken at that moment are lost.</param>
    public async Task<IReadOnlyList<Message<T>>> TakeAsync(
        int limit = 1, TimeSpan wait = default, CancellationToken cancellationToken = default)
    {
        CheckLimit(limit);
        var reply = await PollAsync(
            () => Many(HttpMethod.Delete, "take").With("limit", limit).With("detail", "full"),
            Seconds.OfWait(wait, nameof(wait)),
            cancellationToken).ConfigureAwait(false);
        return reply is null
            ? []
            : Array.ConvertAll(reply.Read(WireJson.Default.WireMessageArray), message => new Message<T>(message, format));
    }

    /// <summary>
    /// Puts a job and waits until a worker has done it. A job that is asked for twice at once, by one id, is done once, and both have its
    /// result. If the wait ends early, the job goes on: give it an id, and wait again with <see cref="BurrowResults.WaitAsync"/>. As all
    /// work, a job may be done twice.
    /// </summary>
    /// <param name="body">What to do.</param>
    /// <param name="options">Its id, and so on; null: an id is made. Its result is kept for an hour if not set.</param>
    /// <param name="progress">Is told each progress that is seen.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BurrowJobException">It was not done: it died, expired or was deleted.</exception>
    /// <exception cref="BurrowConflictException">A message of that id is there, and was put without a result.</exception>
    public async Task<JobResult> CallAsync(
        T body, PutOptions? options = null, IProgress<JobResult>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var id = options.Id ?? Names.NewId();
        try
        {
            var job = options with { Id = id, OnlyIfNew = true, Result = options.Result ?? TimeSpan.FromHours(1) };
            await PutAsync(body, job, cancellationToken).ConfigureAwait(false);
        }
        catch (BurrowConflictException e) when (e.Status == HttpStatusCode.PreconditionFailed)
        {
            // It was put already.
            if (await Results.GetAsync(id, cancellationToken).ConfigureAwait(false) is null)
                throw;
        }

        var result = await Results.WaitAsync(id, progress, cancellationToken).ConfigureAwait(false)
            ?? new(ResultState.Expired, default, null, "");
        return result.State == ResultState.Done
            ? result
            : throw new BurrowJobException(
                $"Job '{id}' was not done, it is {result.State.ToString().ToLowerInvariant()}. {result.Text}".Trim(), result);
    }

    /// <summary>Sets how long a message lives on, and for how long it is hidden from now on; null: as it is.</summary>
    /// <returns>Whether the message is there.</returns>
    /// <exception cref="BurrowConflictException">It has another receipt. Nothing was changed.</exception>
    public async Task<bool> UpdateAsync(
        string id, TimeSpan? ttl = null, TimeSpan? hide = null, string? receipt = null, CancellationToken cancellationToken = default)
    {
        var call = One(HttpMethod.Post, "update", id, receipt)
            .With("ttl", Seconds.OfTtl(ttl, nameof(ttl)))
            .With("hide", Seconds.OfHide(hide, nameof(hide)));
        return (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound() is not null;
    }

    /// <summary>Deletes a message, hidden or not.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="BurrowConflictException">It has another receipt. Nothing was changed.</exception>
    public async Task<bool> DeleteAsync(string id, string? receipt = null, CancellationToken cancellationToken = default)
    {
        var reply = await transport.SendAsync(One(HttpMethod.Delete, "delete", id, receipt), cancellationToken).ConfigureAwait(false);
        return reply.IfFound() is not null || reply.IsUncertain;
    }

    /// <summary>Deletes all messages that are not dead, hidden ones too. What is put meanwhile stays.</summary>
    public async Task DeleteAllAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var call = Many(HttpMethod.Delete, "delete", Repeat.Always).With("match_hidden", "true").Lasting(Call.LongestChange);
            if ((await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound()?.HasMore != true)
                return;
        }
    }

    /// <summary>
    /// Changes many messages, in this order, in as few requests as they fit in. Each is changed on its own: if one fails, the others are
    /// changed all the same.
    /// </summary>
    /// <returns>What became of each, in the same order: 404 if it is not there, 412 if it has another receipt.</returns>
    public async Task<IReadOnlyList<BatchResult>> ChangeManyAsync(
        IEnumerable<MessageChange> changes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(changes);
        return await SendAllAsync(BatchWriter.Pack(changes), "changed", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What it holds and what was done to it; null: it is not there. The numbers are approximate (docs/telemetry.md).</summary>
    public async Task<QueueStatistics?> StatisticsAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(Statistics(), cancellationToken).ConfigureAwait(false)).IfFound()
            ?.Read(WireJson.Default.QueueStatistics);

    /// <summary>Waits until the queue was seen to hold no message, or only dead ones.</summary>
    /// <param name="wait">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was.</returns>
    public async Task<bool> WaitUntilEmptyAsync(TimeSpan wait, CancellationToken cancellationToken = default)
    {
        var left = new TimeLeft(transport, Seconds.OfWait(wait, nameof(wait)));
        while (true)
        {
            var call = Statistics().With("until", "empty").Waiting(left.NextPoll());
            var reply = (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).Ensure();
            if (reply.Read(WireJson.Default.QueueStatistics).Messages == 0)
                return true;
            if (left.IsOver)
                return false;
        }
    }

    /// <summary>The groups that have messages, in an order of their own.</summary>
    public IAsyncEnumerable<GroupState> GroupsAsync(CancellationToken cancellationToken = default) => Pages.ReadAsync(
        transport,
        () => Other(HttpMethod.Get, "list groups", "groups"),
        WireJson.Default.GroupStateArray,
        group => group.Group,
        cancellationToken);

    /// <summary>
    /// A producer of this queue, whose messages are stored exactly once. Make it once, and keep it: it counts its messages.
    /// </summary>
    /// <param name="name">Its name: 1 to 128 bytes. Two programs that send at the same time need two names.</param>
    /// <param name="epoch">Tells a new instance of it from an old one: once a higher one was seen, lower ones are refused.</param>
    /// <param name="stopAtRefusal">
    /// Whether, when a message is refused, all those behind it are refused too, so that none is stored before it. A new object goes on.
    /// </param>
    public BurrowProducer<T> Producer(string name, long epoch = 0, bool stopAtRefusal = false) =>
        new(transport, Account, Name, format, name, epoch, stopAtRefusal);

    /// <summary>A reader of this queue: a cursor that the service keeps.</summary>
    /// <param name="name">Its name: 1 to 128 bytes.</param>
    public BurrowReader Reader(string name) => new(transport, Account, Name, name);

    /// <summary>All readers, by name.</summary>
    public async Task<IReadOnlyList<ReaderState>> ReadersAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(Other(HttpMethod.Get, "list readers", "readers"), cancellationToken).ConfigureAwait(false))
            .IfFound()?.Read(WireJson.Default.ReaderStateArray) ?? [];

    /// <summary>All producers, by name.</summary>
    public async Task<IReadOnlyList<ProducerState>> ProducersAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(Other(HttpMethod.Get, "list producers", "producers"), cancellationToken).ConfigureAwait(false))
            .IfFound()?.Read(WireJson.Default.ProducerStateArray) ?? [];

    private static void CheckLimit(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 1_000);
    }

    private async IAsyncEnumerable<Message<T>> FollowByPagesAsync(
        FollowOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pauses = new Pauses(transport);
        for (ListOptions next = options; ;)
        {
            Message<T>[] messages;
            string? cursor;
            try
            {
                (messages, cursor, _) = await PageAsync(next, transport.Options.PollTime, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is BurrowUnavailableException or BurrowBusyException)
            {
                await pauses.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            pauses.Reset();
            foreach (var message in messages)
                yield return message;
            if (cursor is not null)
                next = next with { Marker = null, Reader = null, After = cursor };
        }
    }

    private async Task<(Message<T>[] Messages, string? Cursor, bool More)> PageAsync(
        ListOptions options, TimeSpan wait, CancellationToken cancellationToken)
    {
        var call = options.ApplyTo(Many(HttpMethod.Get, "list")).With("limit", options.PageSize).With("detail", "full").Waiting(wait);
        if ((await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound() is not { } reply)
            return ([], null, false);
        var wires = reply.Read(WireJson.Default.WireMessageArray);
        var messages = new Message<T>[wires.Length];
        for (var i = 0; i < wires.Length; i++)
            messages[i] = new(wires[i], format, i == wires.Length - 1 ? reply.Cursor : null);
        return (messages, reply.Cursor, reply.HasMore || wires.Length == options.PageSize);
    }

    /// <summary>Asks until something matches, or the time is up.</summary>
    private async Task<Reply?> PollAsync(Func<Call> newCall, TimeSpan wait, CancellationToken cancellationToken)
    {
        for (var left = new TimeLeft(transport, wait); ;)
        {
            var call = newCall().Waiting(left.NextPoll());
            if ((await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound() is { } reply)
                return reply;
            if (left.IsOver)
                return null;
        }
    }

    private Call NewPut(string id, ReadOnlyMemory<byte> body, PutOptions options, bool onlyIfNew) =>
        new Call(HttpMethod.Put, "put", "v1.0", Account, Name, id)
        {
            Queue = Name,
            Repeat = onlyIfNew ? Repeat.Always : Repeat.IfNotDone,
            IfNoneMatch = onlyIfNew ? "*" : null,
            IfMatch = options.Receipt,
            Body = body,
            ContentType = options.ContentType ?? format.ContentType,
        }
        .With("ttl", Seconds.OfTtl(options.Ttl, nameof(options)))
        .With("hide", Seconds.OfHide(options.Hide, nameof(options)))
        .With("priority", options.Priority)
        .With("group", options.Group)
        .With("result", options.Result is { } kept ? Seconds.Of(kept) : null);

    /// <summary>Sends batches one after the other. What can't be sent does not take along what was done before it.</summary>
    /// <exception cref="BurrowBatchException">A batch failed as a whole, for a reason that the next one would have too.</exception>
    private async Task<IReadOnlyList<BatchResult>> SendAllAsync(
        IEnumerable<Batch> batches, string done, CancellationToken cancellationToken)
    {
        var results = new List<BatchResult>();
        BurrowException? stop = null;
        try
        {
            foreach (var batch in batches)
            {
                if (stop is not null)
                {
                    results.AddRange(batch.Ids.Select(id => new BatchResult(id, BatchResult.NotSent, null, "It was not sent.")));
                    continue;
                }

                try
                {
                    results.AddRange(await SendAsync(batch, cancellationToken).ConfigureAwait(false));
                }
                catch (BurrowException e) when (results.Count > 0 || e is BurrowUnavailableException or BurrowRequestException)
                {
                    results.AddRange(batch.Ids.Select(id => new BatchResult(id, StatusOf(e), null, e.Message)));
                    // A batch that is refused as it is says nothing about the others.
                    stop = e is BurrowRequestException ? null : e;
                }
            }
        }
        catch (ArgumentException e) when (results.Count > 0)
        {
            throw BurrowBatchException.Of(results, done, e);
        }

        return stop is null ? results : throw BurrowBatchException.Of(results, done, stop);
    }

    private static int StatusOf(BurrowException e) => e is BurrowUnavailableException or { Status: null } ? 503 : (int)e.Status;

    private async Task<IEnumerable<BatchResult>> SendAsync(Batch batch, CancellationToken cancellationToken)
    {
        var call = NewBatch(
            batch.Body, batch.OnlyIfNew ? Repeat.Always : Repeat.IfNotDone, batch.OnlyIfNew ? "*" : null);
        var reply = (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).Ensure();
        return reply.Read(WireJson.Default.WireBatchResultArray).Select(result =>
            // Its own first attempt stored it, and the answer was lost.
            reply.IsUncertain && result.Status == (int)HttpStatusCode.PreconditionFailed && batch.OwnIds.Contains(result.Id!)
                ? new BatchResult(result.Id!, (int)HttpStatusCode.Created, null, null)
                : result.ToResult());
    }

    private Call NewBatch(ReadOnlyMemory<byte> lines, Repeat repeat, string? ifNoneMatch = null) =>
        new(HttpMethod.Post, "batch", "batch", Account, Name)
        {
            Queue = Name,
            Repeat = repeat,
            IfNoneMatch = ifNoneMatch,
            Body = lines,
            ContentType = BatchWriter.ContentType,
        };

    private Call Statistics() => Other(HttpMethod.Get, "statistics", "stats");

    private Call Other(HttpMethod method, string operation, string path) => new(method, operation, path, Account, Name) { Queue = Name };

    private Call Many(HttpMethod method, string operation, Repeat? repeat = null) =>
        new(method, operation, "v1.0", Account, Name)
        {
            Queue = Name,
            Repeat = repeat ?? (method == HttpMethod.Get ? Repeat.Always : Repeat.IfNotDone),
        };

    /// <summary>A change of one message. With a receipt it is carried out once; without, a second time does no harm.</summary>
    private Call One(HttpMethod method, string operation, string id, string? receipt = null) =>
        new(method, operation, "v1.0", Account, Name, Names.Check(id, nameof(id)))
        {
            Queue = Name,
            Repeat = method == HttpMethod.Get || method == HttpMethod.Delete || receipt is null ? Repeat.Always : Repeat.IfNotDone,
            IfMatch = receipt,
        };
}
