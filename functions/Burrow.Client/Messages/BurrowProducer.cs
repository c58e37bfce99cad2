using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Burrow.Client;

/// <summary>
/// A producer that numbers its messages: each is stored exactly once and in order, also if it is sent again because an answer was lost, and
/// also if a worker consumed it meanwhile (docs/reference/api.md, "Producers"). One object alone may use a name at a time: make it once,
/// and keep it.
/// </summary>
/// <remarks>
/// Puts may be called at the same time: they are stored in the order of the calls, as many as wait in one request. While the service is
/// away, they are sent again until their caller gives up. A program that starts again asks <see cref="GetAsync"/> which number was stored
/// last, and goes on behind it.
/// </remarks>
public sealed class BurrowProducer<T>
{
    /// <summary>The code of a put that is not its turn.</summary>
    private const string OutOfTurn = "out-of-turn";

    /// <summary>How long the service waits for what comes before a batch.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(10);

    private readonly Transport transport;
    private readonly string account;
    private readonly string queue;
    private readonly BodyFormat<T> format;
    private readonly bool stopAtRefusal;
    private readonly Lock gate = new();
    private readonly List<Pending> waiting = [];
    private bool isSending;

    /// <summary>The highest number that surely is stored; null: none, or it is not known.</summary>
    private long? stored;

    /// <summary>The highest number that was given to a message.</summary>
    private long given = -1;

    /// <summary>Whether it is known which number is stored.</summary>
    private bool isKnown;

    /// <summary>Whether this object has stored a message.</summary>
    private bool hasStored;

    /// <summary>Why no message is put any more; null: they are.</summary>
    private Exception? refused;

    internal BurrowProducer(
        Transport transport, string account, string queue, BodyFormat<T> format, string name, long epoch, bool stopAtRefusal)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        (this.transport, this.account, this.queue, this.format) = (transport, account, queue, format);
        (Name, Epoch, this.stopAtRefusal) = (name, epoch, stopAtRefusal);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its epoch.</summary>
    public long Epoch { get; }

    /// <summary>What the service knows of it; null: nothing yet.</summary>
    public async Task<ProducerState?> GetAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(One(HttpMethod.Get, "get producer"), cancellationToken).ConfigureAwait(false))
            .IfFound()?.Read(WireJson.Default.ProducerState);

    /// <summary>Forgets it: what is sent again is stored again.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> DeleteAsync(CancellationToken cancellationToken = default)
    {
        var reply = await transport.SendAsync(One(HttpMethod.Delete, "delete producer"), cancellationToken).ConfigureAwait(false);
        lock (gate)
            isKnown = false;
        return reply.IfFound() is not null;
    }

    /// <summary>Puts a message with the number behind the last one.</summary>
    /// <param name="body">The body. It is written at once: what happens to the object later changes nothing.</param>
    /// <param name="options">What is stored with it; null: nothing.</param>
    /// <param name="cancellationToken">Ends the wait. A message that was sent already may be stored.</param>
    /// <returns>The message, and whether it was stored before.</returns>
    /// <exception cref="BurrowProducerFencedException">A higher epoch was seen. Nothing was stored.</exception>
    /// <exception cref="BurrowConflictException">Another program uses the name. The message was not stored.</exception>
    /// <exception cref="BurrowException">The message was refused. It was not stored; later ones are.</exception>
    public Task<PutResult> PutAsync(T body, PutOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(null, body, options, cancellationToken);

    /// <summary>Puts a message with a number of the program's own, such as the offset in a file. Numbers grow, and may have gaps.</summary>
    /// <param name="number">The number, 0 or more. If it is not above the last one that was stored, nothing is stored.</param>
    /// <param name="body">The body.</param>
    /// <param name="options">What is stored with it; null: nothing.</param>
    /// <param name="cancellationToken">Ends the wait. A message that was sent already may be stored.</param>
    /// <inheritdoc cref="PutAsync(T, PutOptions?, CancellationToken)"/>
    public Task<PutResult> PutNumberedAsync(
        long number, T body, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return PutAsync(number, body, options, cancellationToken);
    }

    private Task<PutResult> PutAsync(long? number, T body, PutOptions? options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new();
        if (options.OnlyIfNew)
        {
            throw new ArgumentException(
                "A producer's message is stored once by its number. OnlyIfNew is for puts without one.", nameof(options));
        }


        var id = options.Id ?? Names.NewId();
        var pending = new Pending(id, number, BatchWriter.Write(id, body, options, format).WrittenMemory, cancellationToken);
        lock (gate)
        {
            if (refused is not null)
                return Task.FromException<PutResult>(refused);
            waiting.Add(pending);
            if (!isSending)
            {
                isSending = true;
                // It serves all callers, so it takes along the context of none: its requests are of no caller's trace.
                using (ExecutionContext.SuppressFlow())
                    _ = Task.Run(SendWaitingAsync, CancellationToken.None);
            }
        }

        return pending.Done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Sends one batch after the other, until none waits. One request is under way at a time.</summary>
    private async Task SendWaitingAsync()
    {
        var pauses = new Pauses(transport);
        while (await TakeBatchAsync(pauses).ConfigureAwait(false) is { Count: > 0 } batch)
        {
            var isAway = false;
            try
            {
                isAway = await SendAsync(batch).ConfigureAwait(false);
            }
            catch (Exception e) when (e is BurrowUnavailableException or BurrowBusyException)
            {
                // Numbers that were given stay given: another message must never get one that may be stored.
                if (e is BurrowUnavailableException { IsUncertain: true })
                    batch.ForEach(pending => pending.WasSent = true);
                // Perhaps the service has forgotten the producer, and waits for what comes before the batch.
                isKnown = false;
                PutBack(batch);
                isAway = true;
            }
            catch (Exception e)
            {
                batch.ForEach(pending => pending.Done.TrySetException(e));
                Refuse(e);
            }

            if (isAway)
                await pauses.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            else
                pauses.Reset();
        }
    }

    /// <summary>The next messages, with their numbers; none: none waits.</summary>
    private async Task<List<Pending>> TakeBatchAsync(Pauses pauses)
    {
        while (true)
        {
            lock (gate)
            {
                // What its caller has given up is not sent, or not again.
                waiting.RemoveAll(pending => !pending.IsAwaited);
                isSending = waiting.Count > 0;
                if (!isSending || isKnown)
                    return TakeBatch();
            }

            try
            {
                var state = Epoch > 0 ? await PutEpochAsync().ConfigureAwait(false) : await GetAsync().ConfigureAwait(false);
                stored = state?.Last;
                given = Math.Max(given, stored ?? -1);
                isKnown = true;
                pauses.Reset();
            }
            catch (Exception e) when (e is BurrowUnavailableException or BurrowBusyException)
            {
                await pauses.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                FailWaiting(e);
            }
        }
    }

    /// <summary>Takes the first messages that fit in a request. Their numbers grow. The caller has the gate.</summary>
    private List<Pending> TakeBatch()
    {
        // Without a number that surely is stored, nothing could say that a message is behind another one.
        // And the first number that is given here may be taken by the program before: then none may be stored behind it.
        var most = stored is null || (!hasStored && waiting.Count > 0 && waiting[0].IsNumberGiven) ? 1 : BatchWriter.MaxItems;
        var (count, bytes) = (0, 0);
        for (long last = -1; count < Math.Min(most, waiting.Count); count++)
        {
            var next = waiting[count];
            bytes += next.Line.Length;
            if (count > 0 && (bytes > BatchWriter.MaxBytes || next.Number <= last))
                break;
            last = next.Number ??= given + 1;
            given = Math.Max(given, last);
        }

        var batch = waiting[..count];
        waiting.RemoveRange(0, count);
        return batch;
    }

    private void PutBack(List<Pending> batch)
    {
        lock (gate)
            waiting.InsertRange(0, batch);
    }

    private void FailWaiting(Exception e)
    {
        List<Pending> failed;
        lock (gate)
        {
            failed = [.. waiting];
            waiting.Clear();
        }

        failed.ForEach(pending => pending.Done.TrySetException(e));
    }

    /// <summary>Sends a batch. What is to be sent again waits again, before all others.</summary>
    /// <returns>Whether the service is away.</returns>
    private async Task<bool> SendAsync(List<Pending> batch)
    {
        var body = new ArrayBufferWriter<byte>();
        foreach (var pending in batch)
            pending.WriteTo(body);
        // With previous, each is stored only behind the one before it: none is stored while it is unknown whether that one is.
        var call = new Call(HttpMethod.Post, "put batch", "batch", account, queue)
        {
            Queue = queue,
            Repeat = Repeat.Always,
            Body = body.WrittenMemory,
            ContentType = BatchWriter.ContentType,
        }.With("producer", Name).With("epoch", Epoch == 0 ? null : Epoch).With("previous", stored).Lasting(LongestTurn);
        var reply = await transport.SendAsync(call, CancellationToken.None).ConfigureAwait(false);
        if (reply.Status == HttpStatusCode.Conflict)
        {
            var problem = Problem.Of(reply);
            if (problem.Code != OutOfTurn || await IsFencedAsync().ConfigureAwait(false))
                throw Fenced(problem);
            // The service has forgotten the producer.
            isKnown = false;
            PutBack(batch);
            return false;
        }

        var results = reply.Ensure().Read(WireJson.Default.WireBatchResultArray);
        // A conflict may be of the message, whose id has another priority, or of the producer: only the producer tells, if it can be asked.
        var isFenced = false;
        if (Array.Exists(results, result => result.Status == (int)HttpStatusCode.Conflict))
        {
            try
            {
                isFenced = await IsFencedAsync().ConfigureAwait(false);
            }
            catch (BurrowException)
            {
                // What became of the batch is known all the same.
            }
        }

        return Complete(batch, results, reply.IsUncertain, isFenced);
    }

    /// <summary>Tells the callers what became of their messages.</summary>
    /// <returns>Whether the service is away.</returns>
    private bool Complete(List<Pending> batch, WireBatchResult[] results, bool isUncertain, bool isFenced)
    {
        var (again, isAway) = (new List<Pending>(), false);
        BurrowException? refusal = null;
        for (var i = 0; i < batch.Count; i++)
        {
            var (pending, result) = (batch[i], results[i]);
            pending.WasSent |= isUncertain;
            if (result.Error is null && result.Duplicate && pending is { IsNumberGiven: true, WasSent: false })
            {
                RefuseNumber(pending, again);
            }
            else if (result.Error is null)
            {
                stored = Math.Max(stored ?? -1, pending.Number!.Value);
                hasStored |= !result.Duplicate;
                pending.Done.TrySetResult(
                    new(pending.Id, result.Status == (int)HttpStatusCode.Created, result.Etag) { IsDuplicate = result.Duplicate });
            }
            else if (result.Status is (int)HttpStatusCode.FailedDependency && refusal is not null && stopAtRefusal)
            {
                pending.Done.TrySetException(refusal);
            }
            else if (result.Status is (int)HttpStatusCode.FailedDependency or 429 or 503)
            {
                pending.WasSent |= result.Status == 503;
                isAway |= result.Status is 429 or 503;
                again.Add(pending);
            }
            else
            {
                var problem = Problem.None with { Status = (HttpStatusCode)result.Status, Detail = result.Error };
                refusal = isFenced && problem.Status == HttpStatusCode.Conflict ? Fenced(problem) : problem.ToException();
                pending.Done.TrySetException(refusal);
            }
        }

        PutBack(again);
        if (refusal is not null)
            Refuse(refusal);
        return isAway;
    }

    /// <summary>A number that was given here was stored by another program.</summary>
    private void RefuseNumber(Pending pending, List<Pending> again)
    {
        isKnown = false;
        if (!hasStored)
        {
            // At the start, a put of the program that used the name before may still come.
            pending.Number = null;
            again.Add(pending);
            return;
        }

        var problem = Problem.None with
        {
            Status = HttpStatusCode.Conflict,
            Detail = $"Another program uses the producer '{Name}', and has stored its number {pending.Number}. The message was not stored. "
                + "Two programs that send at the same time need two names.",
        };
        var refusal = problem.ToException();
        pending.Done.TrySetException(refusal);
        Refuse(refusal);
    }

    /// <summary>Where the order matters, refuses what waits, and all that is put from now on.</summary>
    private void Refuse(Exception e)
    {
        if (!stopAtRefusal)
            return;
        lock (gate)
            refused ??= e;
        FailWaiting(e);
    }

    /// <summary>Whether a higher epoch was seen.</summary>
    private async Task<bool> IsFencedAsync() => (await GetAsync().ConfigureAwait(false))?.Epoch > Epoch;

    private static BurrowException Fenced(Problem problem) => problem.Code is null or OutOfTurn
        ? new BurrowProducerFencedException(problem.Detail ?? "A newer instance of the producer has taken over.", problem)
        : problem.ToException();

    /// <summary>Shuts out the program that used the name before. A key that may only send does it with its first put.</summary>
    private async Task<ProducerState?> PutEpochAsync()
    {
        var call = new Call(HttpMethod.Put, "put epoch", "producers", account, queue, Name)
        {
            Queue = queue,
            Repeat = Repeat.Always,
            Body = JsonSerializer.SerializeToUtf8Bytes(new WireEpoch(Epoch), WireJson.Default.WireEpoch),
            ContentType = "application/json",
        };
        var reply = await transport.SendAsync(call, CancellationToken.None).ConfigureAwait(false);
        if (reply.Status == HttpStatusCode.Conflict)
            throw Fenced(Problem.Of(reply));
        return reply.Status == HttpStatusCode.Forbidden
            ? await GetAsync().ConfigureAwait(false)
            : reply.Ensure().Read(WireJson.Default.ProducerState);
    }

    private Call One(HttpMethod method, string operation) =>
        new(method, operation, "producers", account, queue, Name) { Queue = queue, Repeat = Repeat.Always };

    /// <summary>A message that is not stored yet.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="number">The number that the program gives it; null: it gets one here.</param>
    /// <param name="line">Its item, as a line of JSON, without a number.</param>
    /// <param name="cancellationToken">Its caller gives it up.</param>
    private sealed class Pending(string id, long? number, ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        public string Id => id;

        /// <summary>Whether its number is given here.</summary>
        public bool IsNumberGiven { get; } = number is null;

        /// <summary>Its number; null: it has none yet.</summary>
        public long? Number { get; set; } = number;

        public ReadOnlyMemory<byte> Line => line;

        /// <summary>Whether it may have been stored with its number before, as an answer was lost.</summary>
        public bool WasSent { get; set; }

        public bool IsAwaited => !cancellationToken.IsCancellationRequested;

        public TaskCompletionSource<PutResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Writes its item, with its number.</summary>
        public void WriteTo(IBufferWriter<byte> batch)
        {
            const int End = 2;
            batch.Write(line.Span[..^End]);
            batch.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"number\":{Number}}}\n")));
        }
    }
}

/// <summary>A producer's epoch as it is sent.</summary>
internal sealed record WireEpoch(long Epoch);
