using System.Net;

namespace Burrow.Client;

/// <summary>
/// A message that this worker has claimed: until its time is up, no other worker gets it. Say what became of it, once: done, failed,
/// released or dead. If nothing is said, it is visible again when the time is up, in its old place.
/// </summary>
public sealed class ClaimedMessage<T> : Message<T>
{
    private readonly Transport transport;
    private readonly string account;
    private readonly SemaphoreSlim turn = new(1);
    private readonly CancellationTokenSource settled = new();

    internal ClaimedMessage(
        WireMessage wire, BodyFormat<T> format, Transport transport, string account, string queue)
        : base(wire, format) =>
        (this.transport, this.account, Queue, Until) = (transport, account, queue, transport.Time.GetUtcNow() + Hide);

    /// <summary>The queue that it is of.</summary>
    public string Queue { get; }

    /// <summary>
    /// When the claim ends, by this machine's clock. At the service it ends earlier, by as long as its answer was on the way.
    /// </summary>
    public DateTimeOffset Until { get; private set; }

    /// <summary>Whether it was said what became of it.</summary>
    public bool IsSettled => settled.IsCancellationRequested;

    /// <summary>Cancelled as soon as it was said what became of it.</summary>
    internal CancellationToken Settled => settled.Token;

    /// <summary>The work is done: the message is deleted.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task DoneAsync(CancellationToken cancellationToken = default) => SettleAsync("done", null, null, null, null, cancellationToken);

    /// <summary>The work is done, and this is its result, at most 32 KiB, for the client that put the message with a result.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    /// <exception cref="BurrowRequestException">The message was put without a result, or this one is too large.</exception>
    public Task DoneAsync(ReadOnlyMemory<byte> result, string? contentType = null, CancellationToken cancellationToken = default) =>
        SettleAsync("done", null, null, result, contentType, cancellationToken);

    /// <summary>
    /// The work failed. The message comes back after <paramref name="hide"/>, or else after the retry delay of its queue's policy. It is
    /// dead if it was delivered as often as the policy allows.
    /// </summary>
    /// <param name="cause">Why, in at most 1,024 bytes; a longer one is cut. It is kept with the message.</param>
    /// <param name="hide">For how long it is hidden; null: as the policy says.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task FailedAsync(string? cause = null, TimeSpan? hide = null, CancellationToken cancellationToken = default) =>
        SettleAsync("failed", cause, Seconds.OfHide(hide, nameof(hide)), null, null, cancellationToken);

    /// <summary>The work was not begun: the message is visible at once, and this delivery does not count.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task ReleasedAsync(CancellationToken cancellationToken = default) =>
        SettleAsync("released", null, null, null, null, cancellationToken);

    /// <summary>The message can never be handled: it is dead at once.</summary>
    /// <param name="cause">Why, in at most 1,024 bytes; a longer one is cut. It is kept with the message.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task DeadAsync(string? cause = null, CancellationToken cancellationToken = default) =>
        SettleAsync("dead", cause, null, null, null, cancellationToken);

    /// <summary>Goes on for this long from now.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public async Task ExtendAsync(TimeSpan hide, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(hide, TimeSpan.Zero);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var begun = transport.Time.GetUtcNow();
            var call = NewCall("extend", null, null).With("hide", Seconds.Of(hide));
            var reply = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
            // Its own first attempt may have changed the receipt.
            CurrentReceipt = reply is { IsUncertain: true, Status: HttpStatusCode.PreconditionFailed }
                ? await FindReceiptAsync(cancellationToken).ConfigureAwait(false) ?? throw Lost(reply)
                : Ensure(reply).Receipt;
            Until = begun + hide;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Leaves progress, at most 32 KiB, for the client that put the message with a result.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public async Task ProgressAsync(
        ReadOnlyMemory<byte> progress, string? contentType = null, CancellationToken cancellationToken = default)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var call = new Call(HttpMethod.Put, "progress", "results", account, Queue, Id)
            {
                Queue = Queue,
                Repeat = Repeat.Always,
                IfMatch = Receipt,
                Body = progress,
                ContentType = contentType,
            };
            Ensure(await transport.SendAsync(call, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task SettleAsync(
        string outcome,
        string? cause,
        long? hide,
        ReadOnlyMemory<byte>? result,
        string? contentType,
        CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (IsSettled)
                throw new InvalidOperationException($"It was said already what became of message '{Id}'.");
            var call = NewCall(outcome, result, contentType).With("outcome", outcome).With("cause", Cut(cause)).With("hide", hide);
            var reply = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
            // If the answer of an attempt was lost and the next one finds the message gone or changed, the first one did it.
            if (!reply.IsUncertain || reply.Status is not (HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed))
                Ensure(reply);
            settled.Cancel();
        }
        catch (BurrowClaimLostException)
        {
            settled.Cancel();
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    private Call NewCall(string operation, ReadOnlyMemory<byte>? body, string? contentType) =>
        new(HttpMethod.Post, operation, "v1.0", account, Queue, Id)
        {
            Queue = Queue,
            Repeat = Repeat.Always,
            IfMatch = Receipt,
            Body = body,
            ContentType = contentType,
        };

    /// <summary>The receipt, if this worker's claim is the last one; null: it is not.</summary>
    private async Task<string?> FindReceiptAsync(CancellationToken cancellationToken)
    {
        var call = new Call(HttpMethod.Get, "get", "v1.0", account, Queue, Id) { Queue = Queue }.With("detail", "full");
        var reply = (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound();
        var found = reply?.Read(WireJson.Default.WireMessage);
        return found is { Hide: > 0 } && found.Deliveries == Deliveries && found.Inserted == Inserted ? found.Etag : null;
    }

    private Reply Ensure(Reply reply) =>
        reply.Status is HttpStatusCode.PreconditionFailed || reply.IfFound() is null ? throw Lost(reply) : reply;

    private BurrowClaimLostException Lost(Reply reply) => new(Id, Problem.Of(reply));

    private static string? Cut(string? cause)
    {
        const int MaxBytes = 1_024;
        if (cause is null || System.Text.Encoding.UTF8.GetByteCount(cause) <= MaxBytes)
            return cause;
        // Not within a character.
        var (bytes, length) = (0, 0);
        foreach (var rune in cause.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxBytes)
                break;
            length += rune.Utf16SequenceLength;
        }

        return cause[..length];
    }
}
