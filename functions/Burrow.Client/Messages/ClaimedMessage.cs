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

    /// <summary>Whether an extension may have changed the receipt, as its answer was lost.</summary>
    private bool isReceiptUncertain;

    /// <summary>The outcome that may have been carried out, as its answer was lost; null: none.</summary>
    private string? uncertainOutcome;

    /// <summary>How it was seen that the claim is lost; null: it was not.</summary>
    private BurrowClaimLostException? lost;

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

    /// <summary>Whether it was said what became of it, or its claim was seen to be lost.</summary>
    public bool IsSettled => settled.IsCancellationRequested;

    /// <summary>Whether its claim was seen to be lost.</summary>
    internal bool IsLost => lost is not null;

    /// <summary>Cancelled as soon as it was said what became of it, or its claim was seen to be lost.</summary>
    internal CancellationToken Settled => settled.Token;

    /// <summary>The work is done: the message is deleted.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task DoneAsync(CancellationToken cancellationToken = default) =>
        SettleAsync("done", null, null, null, null, null, cancellationToken);

    /// <summary>The work is done, and this is its result, at most 32 KiB, for the client that put the message with a result.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    /// <exception cref="BurrowRequestException">The message was put without a result, or this one is too large.</exception>
    public Task DoneAsync(ReadOnlyMemory<byte> result, string? contentType = null, CancellationToken cancellationToken = default) =>
        SettleAsync("done", null, null, result, contentType, null, cancellationToken);

    /// <summary>
    /// The work failed. The message comes back after <paramref name="hide"/>, or else after the retry delay of its queue's policy. It is
    /// dead if it was delivered as often as the policy allows.
    /// </summary>
    /// <param name="cause">Why, in at most 1,024 bytes; a longer one is cut. It is kept with the message.</param>
    /// <param name="hide">For how long it is hidden; null: as the policy says.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task FailedAsync(string? cause = null, TimeSpan? hide = null, CancellationToken cancellationToken = default) =>
        SettleAsync("failed", cause, Seconds.OfHide(hide, nameof(hide)), null, null, null, cancellationToken);

    /// <summary>The work was not begun: the message is visible at once, and this delivery does not count.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task ReleasedAsync(CancellationToken cancellationToken = default) =>
        SettleAsync("released", null, null, null, null, null, cancellationToken);

    /// <summary>The message can never be handled: it is dead at once.</summary>
    /// <param name="cause">Why, in at most 1,024 bytes; a longer one is cut. It is kept with the message.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task DeadAsync(string? cause = null, CancellationToken cancellationToken = default) =>
        SettleAsync("dead", cause, null, null, null, null, cancellationToken);

    /// <summary>Goes on for this long from now.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task ExtendAsync(TimeSpan hide, CancellationToken cancellationToken = default) =>
        ExtendAsync(hide, Repeat.Always, attemptTimeout: null, cancellationToken);

    /// <summary>Leaves progress, at most 32 KiB, for the client that put the message with a result.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public async Task ProgressAsync(
        ReadOnlyMemory<byte> progress, string? contentType = null, CancellationToken cancellationToken = default)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfLost();
            var reply = await SendAsync(
                () => new(HttpMethod.Put, "progress", "results", account, Queue, Id)
                {
                    Queue = Queue,
                    Repeat = Repeat.Always,
                    IfMatch = Receipt,
                    Body = progress,
                    ContentType = contentType,
                },
                _ => isReceiptUncertain,
                cancellationToken).ConfigureAwait(false);
            Ensure(reply);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc cref="ExtendAsync(TimeSpan, CancellationToken)"/>
    /// <param name="hide">For how long.</param>
    /// <param name="repeat">Whether it may be sent again.</param>
    /// <param name="attemptTimeout">How long one attempt may take; null: as long as others.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    internal async Task ExtendAsync(TimeSpan hide, Repeat repeat, TimeSpan? attemptTimeout, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(hide, TimeSpan.Zero);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfLost();
            var begun = transport.Time.GetUtcNow();
            // It changes the receipt, also where its answer is lost.
            var wasUncertain = isReceiptUncertain;
            isReceiptUncertain = true;
            var reply = await SendAsync(
                () => NewCall("extend", null, null, repeat, attemptTimeout).With("hide", Seconds.Of(hide)),
                reply => wasUncertain || reply.IsUncertain,
                cancellationToken).ConfigureAwait(false);
            CurrentReceipt = Ensure(reply).Receipt;
            isReceiptUncertain = false;
            Until = begun + hide;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Says what became of it, again and again while the service is away and the claim goes on.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="cause">Why; null: nothing is said.</param>
    /// <param name="hide">For how long a message that failed is hidden; null: as the policy says.</param>
    /// <param name="attemptTimeout">How long one attempt may take.</param>
    /// <param name="cancellationToken">Ends the pauses. Each attempt is ended by its timeout alone.</param>
    internal async Task SettleAsync(
        string outcome, string? cause, TimeSpan? hide, TimeSpan attemptTimeout, CancellationToken cancellationToken)
    {
        for (var pauses = new Pauses(transport); ;)
        {
            try
            {
                await SettleAsync(
                    outcome, cause, Seconds.OfHide(hide, nameof(hide)), null, null, attemptTimeout, CancellationToken.None)
                    .ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is BurrowUnavailableException or BurrowBusyException && transport.Time.GetUtcNow() < Until)
            {
                await pauses.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task SettleAsync(
        string outcome,
        string? cause,
        long? hide,
        ReadOnlyMemory<byte>? result,
        string? contentType,
        TimeSpan? attemptTimeout,
        CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfLost();
            if (IsSettled)
                throw new InvalidOperationException($"It was said already what became of message '{Id}'.");
            var isRepeated = uncertainOutcome == outcome;
            uncertainOutcome = outcome;
            var reply = await SendAsync(
                () => NewCall(outcome, result, contentType, Repeat.Always, attemptTimeout)
                    .With("outcome", outcome).With("cause", Cut(cause)).With("hide", hide),
                // An outcome that is not done changes the receipt too.
                reply => isReceiptUncertain && (outcome == "done" || !(reply.IsUncertain || isRepeated)),
                cancellationToken).ConfigureAwait(false);
            if ((int)reply.Status < 500)
                uncertainOutcome = null;
            if (!(reply.IsUncertain || isRepeated) || !WasDoneBefore(outcome, reply.Status))
                Ensure(reply);
            settled.Cancel();
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Whether an earlier attempt, whose answer was lost, was carried out, as the answer of this one shows.</summary>
    private bool WasDoneBefore(string outcome, HttpStatusCode status) => status switch
    {
        // It is gone: done or dead. A message that is claimed does not expire.
        HttpStatusCode.NotFound => true,
        // It has another receipt. While the claim goes on, only the attempt itself can have changed it; but done would have deleted it.
        HttpStatusCode.PreconditionFailed => outcome != "done" && transport.Time.GetUtcNow() < Until,
        _ => false,
    };

    /// <summary>
    /// Sends a request under the receipt. If that may be out of date because the answer to an extension was lost, and it is, the request is
    /// sent again with the right one. The caller has the turn.
    /// </summary>
    /// <param name="newCall">Makes the request, under the receipt as it is then.</param>
    /// <param name="mayBeStale">Whether the receipt may be out of date so.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    private async Task<Reply> SendAsync(Func<Call> newCall, Predicate<Reply> mayBeStale, CancellationToken cancellationToken)
    {
        var reply = await transport.SendAsync(newCall(), cancellationToken).ConfigureAwait(false);
        if (reply.Status != HttpStatusCode.PreconditionFailed
            || !mayBeStale(reply)
            || await FindReceiptAsync(cancellationToken).ConfigureAwait(false) is not { } found)
        {
            return reply;
        }

        CurrentReceipt = found;
        return await transport.SendAsync(newCall(), cancellationToken).ConfigureAwait(false);
    }

    private Call NewCall(
        string operation, ReadOnlyMemory<byte>? body, string? contentType, Repeat repeat, TimeSpan? attemptTimeout) =>
        new(HttpMethod.Post, operation, "v1.0", account, Queue, Id)
        {
            Queue = Queue,
            Repeat = repeat,
            AttemptTimeout = attemptTimeout,
            IfMatch = Receipt,
            Body = body,
            ContentType = contentType,
        };

    /// <summary>The receipt, if this worker's claim is the last one; null: it is not, or the key does not allow to look.</summary>
    private async Task<string?> FindReceiptAsync(CancellationToken cancellationToken)
    {
        var call = new Call(HttpMethod.Get, "get", "v1.0", account, Queue, Id) { Queue = Queue }.With("detail", "full");
        var reply = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        if (reply.Status == HttpStatusCode.Forbidden || reply.IfFound() is null)
            return null;
        var found = reply.Read(WireJson.Default.WireMessage);
        return found is { Hide: > 0 } && found.Deliveries == Deliveries && found.Inserted == Inserted ? found.Etag : null;
    }

    private Reply Ensure(Reply reply)
    {
        if (reply.Status is not HttpStatusCode.PreconditionFailed && reply.IfFound() is not null)
            return reply;
        lost = new(Id, Problem.Of(reply));
        settled.Cancel();
        throw lost;
    }

    private void ThrowIfLost()
    {
        if (lost is not null)
            throw new BurrowClaimLostException(Id, lost.Problem);
    }

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
