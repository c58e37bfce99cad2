using System.Diagnostics.CodeAnalysis;
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

    /// <summary>When the claim was begun or extended, and for how long: the clock may be set meanwhile.</summary>
    private (long Begun, TimeSpan Hide) claim;

    /// <summary>The outcome that may have been carried out, as its answer was lost; null: none.</summary>
    private string? uncertainOutcome;

    /// <summary>How it was seen that the claim is lost; null: it was not.</summary>
    private BurrowClaimLostException? lost;

    internal ClaimedMessage(
        WireMessage wire, BodyFormat<T> format, Transport transport, string account, string queue)
        : base(wire, format)
    {
        (this.transport, this.account, Queue) = (transport, account, queue);
        GoesOn(transport.Time.GetTimestamp(), Hide);
    }

    /// <summary>The queue that it is of.</summary>
    public string Queue { get; }

    /// <summary>
    /// When the claim ends, by this machine's clock. At the service it ends earlier, by as long as its answer was on the way.
    /// </summary>
    public DateTimeOffset Until { get; private set; }

    /// <summary>How long the claim goes on, by this machine's clock; 0: it has ended.</summary>
    internal TimeSpan Left => claim.Hide - transport.Time.GetElapsedTime(claim.Begun) is var left && left > TimeSpan.Zero
        ? left
        : TimeSpan.Zero;

    /// <summary>Whether it was said what became of it, or its claim was seen to be lost.</summary>
    public bool IsSettled => settled.IsCancellationRequested;

    /// <summary>Whether its claim was seen to be lost.</summary>
    internal bool IsLost => lost is not null;

    /// <summary>Cancelled as soon as it was said what became of it, or its claim was seen to be lost.</summary>
    internal CancellationToken Settled => settled.Token;

    /// <summary>The work is done: the message is deleted.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task DoneAsync(CancellationToken cancellationToken = default) =>
        SettleAsync(new("done"), null, cancellationToken);

    /// <summary>The work is done, and this is its result, at most 32 KiB, for the client that put the message with a result.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    /// <exception cref="BurrowRequestException">The message was put without a result, or this one is too large.</exception>
    public Task DoneAsync(ReadOnlyMemory<byte> result, string? contentType = null, CancellationToken cancellationToken = default) =>
        SettleAsync(new("done") { Result = result, ContentType = contentType }, null, cancellationToken);

    /// <summary>
    /// The work failed. The message comes back after <paramref name="hide"/>, or else after the retry delay of its queue's policy. It is
    /// dead if it was delivered as often as the policy allows.
    /// </summary>
    /// <param name="cause">Why, in at most 1,024 bytes; a longer one is cut. It is kept with the message.</param>
    /// <param name="hide">For how long it is hidden; null: as the policy says.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task FailedAsync(string? cause = null, TimeSpan? hide = null, CancellationToken cancellationToken = default) =>
        SettleAsync(new("failed") { Cause = cause, Hide = Seconds.OfHide(hide, nameof(hide)) }, null, cancellationToken);

    /// <summary>The work was not begun: the message is visible at once, and this delivery does not count.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task ReleasedAsync(CancellationToken cancellationToken = default) =>
        SettleAsync(new("released"), null, cancellationToken);

    /// <summary>The message can never be handled: it is dead at once.</summary>
    /// <param name="cause">Why, in at most 1,024 bytes; a longer one is cut. It is kept with the message.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    public Task DeadAsync(string? cause = null, CancellationToken cancellationToken = default) =>
        SettleAsync(new("dead") { Cause = cause }, null, cancellationToken);

    /// <summary>Goes on for this long from now.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    /// <exception cref="InvalidOperationException">It was said already what became of the message.</exception>
    public Task ExtendAsync(TimeSpan hide, CancellationToken cancellationToken = default) =>
        ExtendAsync(hide, Repeat.Always, attemptTimeout: null, cancellationToken);

    /// <summary>Leaves progress, at most 32 KiB, for the client that put the message with a result.</summary>
    /// <exception cref="BurrowClaimLostException">The claim ran out.</exception>
    /// <exception cref="InvalidOperationException">It was said already what became of the message.</exception>
    public async Task ProgressAsync(
        ReadOnlyMemory<byte> progress, string? contentType = null, CancellationToken cancellationToken = default)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfOver();
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
            ThrowIfOver();
            var begun = transport.Time.GetTimestamp();
            // It changes the receipt, also where its answer is lost.
            var wasUncertain = isReceiptUncertain;
            isReceiptUncertain = true;
            var reply = await SendAsync(
                () => NewCall("extend", null, null, repeat, attemptTimeout).With("hide", Seconds.Of(hide)),
                reply => wasUncertain || reply.IsUncertain,
                cancellationToken).ConfigureAwait(false);
            CurrentReceipt = Ensure(reply).Receipt;
            isReceiptUncertain = false;
            GoesOn(begun, hide);
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
        var word = new LastWord(outcome) { Cause = cause, Hide = Seconds.OfHide(hide, nameof(hide)) };
        for (var pauses = new Pauses(transport); ;)
        {
            try
            {
                await SettleAsync(word, attemptTimeout, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is BurrowUnavailableException or BurrowBusyException && Left > TimeSpan.Zero)
            {
                await pauses.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task SettleAsync(LastWord word, TimeSpan? attemptTimeout, CancellationToken cancellationToken)
    {
        var outcome = word.Outcome;
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfOver();
            var isRepeated = uncertainOutcome == outcome;
            // Another outcome that may have been carried out has given the message away. What is found there then is another claim.
            var mayLook = isReceiptUncertain && (uncertainOutcome is null || isRepeated);
            uncertainOutcome = outcome;
            var reply = await transport.SendAsync(NewOutcome(), cancellationToken).ConfigureAwait(false);
            isRepeated |= reply.IsUncertain;
            if (reply.Status == HttpStatusCode.PreconditionFailed && mayLook && Left > TimeSpan.Zero)
            {
                var (isKnown, found) = await LookAsync(cancellationToken).ConfigureAwait(false);
                if (isRepeated && isKnown && WasSaid(outcome, found))
                {
                    settled.Cancel();
                    return;
                }

                if (IsOwn(found))
                {
                    CurrentReceipt = found.Etag;
                    isReceiptUncertain = false;
                    reply = await transport.SendAsync(NewOutcome(), cancellationToken).ConfigureAwait(false);
                    isRepeated = reply.IsUncertain;
                }
            }

            if (reply.IsSuccess || reply.Status is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
                uncertainOutcome = null;
            if (!isRepeated || !WasDoneBefore(outcome, reply.Status))
                Ensure(reply);
            settled.Cancel();

            Call NewOutcome() => NewCall(outcome, word.Result, word.ContentType, Repeat.Always, attemptTimeout)
                .With("outcome", outcome).With("cause", Cut(word.Cause)).With("hide", word.Hide);
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
        HttpStatusCode.PreconditionFailed => outcome != "done" && !isReceiptUncertain && Left > TimeSpan.Zero,
        _ => false,
    };

    /// <summary>Whether an outcome was carried out, as the message shows it: it is gone, or it bears the marks of the outcome.</summary>
    private bool WasSaid(string outcome, WireMessage? found) => found is null || outcome switch
    {
        // If another worker has it since, it looks as if it were still this one's. It must not be taken from that one.
        "released" => true,
        "failed" => found.Hide == 0 || found.Causes?.Any(cause => cause.Delivery == Deliveries) == true,
        _ => false,
    };

    /// <summary>Whether this worker's claim is the last one, as the message shows it.</summary>
    private bool IsOwn([NotNullWhen(true)] WireMessage? found) =>
        found is { Hide: > 0 } && found.Deliveries == Deliveries && found.Inserted == Inserted;

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
            || Left == TimeSpan.Zero
            || await LookAsync(cancellationToken).ConfigureAwait(false) is not (_, { } found)
            || !IsOwn(found))
        {
            return reply;
        }

        CurrentReceipt = found.Etag;
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

    /// <summary>The message as it is now; null: it is gone, or that is not known, as the key does not allow to look.</summary>
    private async Task<(bool IsKnown, WireMessage? Found)> LookAsync(CancellationToken cancellationToken)
    {
        var call = new Call(HttpMethod.Get, "get", "v1.0", account, Queue, Id) { Queue = Queue }.With("detail", "full");
        var reply = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        return reply.Status == HttpStatusCode.Forbidden ? (false, null) : (true, reply.IfFound()?.Read(WireJson.Default.WireMessage));
    }

    /// <summary>The claim goes on for this long from that instant.</summary>
    private void GoesOn(long begun, TimeSpan hide)
    {
        claim = (begun, hide);
        Until = transport.Time.GetUtcNow() - transport.Time.GetElapsedTime(begun) + hide;
    }

    private Reply Ensure(Reply reply)
    {
        if (reply.Status is not HttpStatusCode.PreconditionFailed && reply.IfFound() is not null)
            return reply;
        lost = new(Id, Problem.Of(reply));
        settled.Cancel();
        throw lost;
    }

    private void ThrowIfOver()
    {
        if (lost is not null)
            throw new BurrowClaimLostException(Id, lost.Problem);
        if (IsSettled)
            throw new InvalidOperationException($"It was said already what became of message '{Id}'.");
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

    /// <summary>What a worker says became of a message.</summary>
    /// <param name="Outcome">The outcome.</param>
    private sealed record LastWord(string Outcome)
    {
        /// <summary>Why; null: nothing is said.</summary>
        public string? Cause { get; init; }

        /// <summary>For how many seconds a message that failed is hidden; null: as the policy says.</summary>
        public long? Hide { get; init; }

        /// <summary>The result of what is done; null: none.</summary>
        public ReadOnlyMemory<byte>? Result { get; init; }

        public string? ContentType { get; init; }
    }
}
