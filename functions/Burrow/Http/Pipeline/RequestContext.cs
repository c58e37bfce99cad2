using Burrow.Access;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>
/// One request while it is served. Its handler authorizes it first. The caller must be known (401), not call too often (429), and be
/// for this account (404) and this queue (403). Dispose it after the response is sent.
/// </summary>
internal sealed class RequestContext : IDisposable
{
    private readonly Authenticator authenticator;
    private readonly Quotas quotas;
    private readonly RequestWatch watch;
    private readonly RequestSpan span;

    /// <summary>Ends the request with an answer. Null where no key is needed: there a request ends only with its connection.</summary>
    private readonly CancellationTokenSource? ended;
    private LinkedListNode<RequestContext>? watched;
    private Func<Task<Caller>>? authenticate;
    private Admission? admission;
    private long received;
    private long sent;
    private bool isDisposed;
    private int checking;
    private bool isSending;
    private int looks;
    private Transfer? transfer;

    public RequestContext(HttpRequest request, Authenticator authenticator, Quotas quotas, RequestWatch watch, RequestSpan span)
    {
        (Request, this.authenticator, this.quotas, this.watch, this.span) = (request, authenticator, quotas, watch, span);
        Aborted = request.HttpContext.RequestAborted;
        if (!authenticator.IsOpen)
        {
            ended = CancellationTokenSource.CreateLinkedTokenSource(Aborted);
            Aborted = ended.Token;
        }
    }

    public HttpRequest Request { get; }

    /// <summary>Cancelled when the host wants the request to wait no longer.</summary>
    public CancellationToken WaitEnded { get; init; }

    /// <summary>Cancelled when the client disconnects, or when <see cref="Failure"/> ends the request.</summary>
    public CancellationToken Aborted { get; }

    /// <summary>Why the request was ended although its client is there; null: it was not.</summary>
    public BurrowException? Failure { get; private set; }

    /// <inheritdoc cref="RequestSpan.TraceParent"/>
    public string? TraceParent => span.TraceParent;

    /// <summary>Finds the caller, and checks that it may reach the target.</summary>
    /// <exception cref="UnauthenticatedException">The request has no valid key or link.</exception>
    /// <exception cref="TooManyRequestsException">The account is over its rate.</exception>
    /// <exception cref="NotFoundException">The caller is of another account.</exception>
    /// <exception cref="ForbiddenException">The caller is for other queues.</exception>
    public async Task<AuthorizedRequest> AuthorizeAsync(RequestTarget target)
    {
        authenticate = AuthenticationOf(target);
        var caller = await authenticate();
        span.SetTags(target);
        admission = await CountAsync(caller, target);
        if (target.Account is { } account)
            caller.RequireAccount(account, target.Missing!);
        if (target.Queue is { } queue)
            caller.RequireQueue(queue.Queue);
        if (!target.HasReceipts)
            Preconditions.Reject(Request);
        return new(this, caller, admission, quotas);
    }

    /// <summary>Authorizes a request without a body and admits it, if the operation's policy is known from the start.</summary>
    /// <inheritdoc cref="AuthorizeAsync(RequestTarget)"/>
    public async Task<AuthorizedRequest> AuthorizeAsync(RequestTarget target, OperationPolicy policy, int weight = 1)
    {
        var authorized = await AuthorizeAsync(target);
        await authorized.AdmitAsync(policy, weight);
        return authorized;
    }

    /// <summary>Authenticates the caller again, after some time has passed.</summary>
    public Task AuthenticateAgainAsync() => authenticate!();

    /// <summary>Has the watch look after the request from now on, because it may take long. Most requests end before any look.</summary>
    public void Watch() => watched ??= watch.Add(this);

    /// <summary>Notes that the request waits for its body, or for the client to read its answer.</summary>
    /// <param name="isAnswer">Whether it is the answer.</param>
    public void BeginTransfer(bool isAnswer)
    {
        transfer ??= new(watch.Time.GetTimestamp());
        isSending = isAnswer;
        Watch();
    }

    /// <summary>Counts bytes of the body.</summary>
    public void Received(int bytes)
    {
        received += bytes;
        Transferred(bytes);
    }

    /// <summary>Counts bytes of the body or of the answer that have reached the other end.</summary>
    public void Transferred(int bytes)
    {
        if (transfer is { } one)
            one.Bytes += bytes;
    }

    public void EndTransfer() => transfer = null;

    /// <summary>Charges bytes of an answer that goes on.</summary>
    public void Sent(long bytes)
    {
        sent += bytes;
        admission?.Charge(sent / AccessLimits.BytesPerRequest);
        sent %= AccessLimits.BytesPerRequest;
    }

    /// <summary>Counts rows that storage went through.</summary>
    public void CountRows(long rows) => admission?.CountRows(rows);

    /// <summary>Ends the request, except for its response: charges the bytes of both, and makes room for other requests.</summary>
    public void End(long responseBytes)
    {
        if (admission is null)
            return;
        admission.Charge((received + responseBytes) / AccessLimits.BytesPerRequest);
        admission.Leave();
        // The array that the response is in may be twice as long.
        admission.Memory.Set(responseBytes * 2);
    }

    /// <summary>Waits for the memory of an answer that is ready. Only for requests that changed nothing.</summary>
    /// <exception cref="UnavailableException">There was no room for too long.</exception>
    public ValueTask ReserveAsync(long responseBytes)
    {
        if (admission is null)
            return default;
        var reserving = admission.Memory.ReserveAsync(2 * responseBytes, Aborted);
        if (!reserving.IsCompleted)
            Watch();
        return reserving;
    }

    /// <summary>
    /// Ends the request if its caller is no longer valid, or if its client is slow and has memory that others wait for. Never throws.
    /// </summary>
    public async Task CheckAsync()
    {
        // One check at a time, however slowly storage answers.
        if (Interlocked.Exchange(ref checking, 1) == 1)
            return;
        try
        {
            // It was ended, and its client has had the time between two looks to read the answer.
            if (Failure is not null)
                AbortIf(isSending && ++looks > 1);
            else if (IsSlow(transfer) && admission?.Memory.IsAwaited == true)
                throw new UnavailableException("Other requests need the memory of this one, and its client is slow. Nothing was stored.");
            else if (authenticate is { } again && !authenticator.IsOpen)
                await again();
        }
        catch (BurrowException e)
        {
            End(e);
        }
        catch (Exception)
        {
            // Storage does not answer, so it is not known whether the caller is still valid. The next check may tell. Or the response
            // was sent meanwhile.
        }
        finally
        {
            checking = 0;
        }
    }

    public void Dispose()
    {
        if (watched is { } node)
        {
            watch.Remove(node);
            lock (node)
                isDisposed = true;
        }

        admission?.Memory.Dispose();
        ended?.Dispose();
    }

    private void End(BurrowException failure)
    {
        Failure = failure;
        AbortIf(ended is null);
        ended?.Cancel();
    }

    /// <summary>Ends the connection, unless the response was sent: then the server may use the HTTP context for another request.</summary>
    private void AbortIf(bool mustEnd)
    {
        lock (watched!)
        {
            if (mustEnd && !isDisposed)
                Request.HttpContext.Abort();
        }
    }

    private bool IsSlow(Transfer? one) =>
        one is not null
        && watch.Time.GetElapsedTime(one.Begun) is var elapsed
        && elapsed > AccessLimits.SlowAfter
        && one.Bytes < elapsed.TotalSeconds * AccessLimits.SlowBytesPerSecond;

    private Func<Task<Caller>> AuthenticationOf(RequestTarget target)
    {
        if (authenticator.IsOpen)
            return () => Task.FromResult(Caller.Anonymous);
        // Read now: a check may come after the response, when the server uses the HTTP context for another request.
        var authorization = Request.Headers.Authorization;
        if (authorization.Count > 0 || target is not { Queue: { } queue, LinkParameters: { Link: { } link } parameters })
            return () => authenticator.AuthenticateKeyAsync(authorization);
        var method = HttpMethods.IsHead(Request.Method) ? HttpMethods.Get : Request.Method;
        return () => authenticator.AuthenticateLinkAsync(link, queue, target.Message, method, parameters.Values);
    }

    /// <summary>
    /// Counts the request. A caller pays from its own account, whatever account it asks about. The operator pays nothing.
    /// </summary>
    private async Task<Admission> CountAsync(Caller caller, RequestTarget target)
    {
        var limits = (caller.Account ?? target.Account) is { } limited ? await quotas.OfAsync(limited) : quotas.Defaults;
        var payer = caller.Payer
            ?? (authenticator.IsOpen && target.Account is { } open ? new Payer(open, caller.Key.Value, IsNarrow: false) : null);
        if (payer is { } paying)
            await quotas.Rate.CountAsync(paying.Account, target.Manages, limits, RequestBody.BytesOf(Request), Aborted);
        var memory = quotas.Memory.Begin(payer, target.Manages);
        return new(quotas, payer, memory, limits, target.Manages, Aborted);
    }

    /// <summary>The body on its way here, or the answer on its way to the client.</summary>
    private sealed class Transfer(long begun)
    {
        public long Begun => begun;

        public long Bytes { get; set; }
    }
}
