using System.Buffers;
using System.Net;

namespace Burrow.Client;

/// <summary>
/// A producer that numbers its messages: each is stored exactly once and in order, also if it is sent again because an answer was lost, and
/// also if a worker consumed it meanwhile (docs/reference/api.md, "Producers").
/// </summary>
/// <remarks>
/// Puts may be called at the same time: they are stored in the order of the calls, as many as wait in one request. While the service is
/// away, they are sent again until their caller gives up. A program that starts again asks <see cref="GetAsync"/> which number was stored
/// last, and goes on behind it.
/// </remarks>
public sealed class BurrowProducer<T>
{
    private readonly Transport transport;
    private readonly string account;
    private readonly string queue;
    private readonly BodyFormat<T> format;
    private readonly Lock gate = new();
    private List<Pending> waiting = [];
    private bool isSending;
    private long? last;

    internal BurrowProducer(Transport transport, string account, string queue, BodyFormat<T> format, string name, long epoch)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        (this.transport, this.account, this.queue, this.format, Name, Epoch) = (transport, account, queue, format, name, epoch);
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
    public async Task<bool> DeleteAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(One(HttpMethod.Delete, "delete producer"), cancellationToken).ConfigureAwait(false))
            .IfFound() is not null;

    /// <summary>Puts a message with the number behind the last one.</summary>
    /// <returns>The message, and whether it was stored before.</returns>
    /// <exception cref="BurrowProducerFencedException">A higher epoch was seen. Nothing was stored.</exception>
    /// <exception cref="BurrowException">The message was refused. It was not stored; later ones are.</exception>
    public Task<PutResult> PutAsync(T body, PutOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(body, null, options, cancellationToken);

    /// <summary>Puts a message with a number of the program's own, such as the offset in a file. Numbers grow, and may have gaps.</summary>
    /// <inheritdoc cref="PutAsync(T, PutOptions?, CancellationToken)"/>
    public Task<PutResult> PutAsync(T body, long number, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return PutAsync(body, (long?)number, options, cancellationToken);
    }

    private Task<PutResult> PutAsync(T body, long? number, PutOptions? options, CancellationToken cancellationToken)
    {
        options ??= new();
        if (options.Id is null)
            options = options with { Id = Names.NewId() };
        var pending = new Pending(
            options.Id!, number, sent => BatchWriter.Write(new(body, options), options, format, sent), cancellationToken);
        lock (gate)
        {
            waiting.Add(pending);
            if (!isSending)
                _ = SendWaitingAsync();
            isSending = true;
        }

        return pending.Done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Sends one batch after the other, until none waits.</summary>
    private async Task SendWaitingAsync()
    {
        // Puts that are called right behind one another go into one batch.
        await Task.Yield();
        while (true)
        {
            List<Pending> batch;
            lock (gate)
            {
                batch = waiting[..Math.Min(waiting.Count, BatchWriter.MaxItems)];
                waiting = waiting[batch.Count..];
                isSending = batch.Count > 0;
            }

            if (batch.Count == 0)
                return;
            try
            {
                await SendAsync(batch).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // Numbers that were given stay given: another message must never get one that may be stored.
                foreach (var pending in batch)
                    pending.Done.TrySetException(e);
            }
        }
    }

    /// <summary>Sends a batch, again and again with the same numbers, until it is answered or none of its callers waits.</summary>
    private async Task SendAsync(List<Pending> batch)
    {
        for (var pauses = new Pauses(transport); ;)
        {
            try
            {
                last ??= (await GetAsync().ConfigureAwait(false))?.Last ?? -1;
                foreach (var pending in batch)
                {
                    pending.Number ??= last + 1;
                    last = Math.Max(last.Value, pending.Number.Value);
                }

                await SendOnceAsync(batch).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is BurrowUnavailableException or BurrowBusyException && batch.Exists(pending => pending.IsAwaited))
            {
                await pauses.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task SendOnceAsync(List<Pending> batch)
    {
        var body = new ArrayBufferWriter<byte>();
        foreach (var pending in batch)
            body.Write(pending.Write(pending.Number!.Value).WrittenSpan);
        var call = new Call(HttpMethod.Post, "put batch", "batch", account, queue)
        {
            Queue = queue,
            Repeat = Repeat.Always,
            Body = body.WrittenMemory,
            ContentType = BatchWriter.ContentType,
        }.With("producer", Name).With("epoch", Epoch == 0 ? null : Epoch);
        var results = (await transport.SendAsync(call, CancellationToken.None).ConfigureAwait(false)).Ensure()
            .Read(WireJson.Default.WireBatchResultArray);
        // A put of a conflict may be late, or its message may have another priority: only the producer tells.
        var isFenced = Array.Exists(results, result => result.Status == (int)HttpStatusCode.Conflict)
            && (await GetAsync().ConfigureAwait(false))?.Epoch > Epoch;
        for (var i = 0; i < batch.Count; i++)
            batch[i].Complete(results[i], isFenced);
    }

    private Call One(HttpMethod method, string operation) =>
        new(method, operation, "producers", account, queue, Name) { Queue = queue, Repeat = Repeat.Always };

    /// <summary>A message that is not stored yet.</summary>
    private sealed class Pending(
        string id, long? number, Func<long, ArrayBufferWriter<byte>> write, CancellationToken cancellationToken)
    {
        /// <summary>Its number; null: it has none yet.</summary>
        public long? Number { get; set; } = number;

        public bool IsAwaited => !cancellationToken.IsCancellationRequested;

        public TaskCompletionSource<PutResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Writes its item.</summary>
        public ArrayBufferWriter<byte> Write(long number) => write(number);

        public void Complete(WireBatchResult result, bool isFenced)
        {
            if (result.Error is null)
            {
                Done.TrySetResult(new(id, result.Status == (int)HttpStatusCode.Created, result.Etag) { IsDuplicate = result.Duplicate });
                return;
            }

            var problem = Problem.None with { Status = (HttpStatusCode)result.Status, Detail = result.Error };
            Done.TrySetException(
                isFenced && result.Status == (int)HttpStatusCode.Conflict
                    ? new BurrowProducerFencedException(result.Error, problem)
                    : problem.ToException());
        }
    }
}
