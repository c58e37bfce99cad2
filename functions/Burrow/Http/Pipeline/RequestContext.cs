using Burrow.Access;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>
/// One request while it is served. Its handler authorizes it first. The caller must be known (401), not call too often (429), and be
/// for this account (404) and this queue (403).
/// </summary>
internal sealed class RequestContext(HttpRequest request, Authenticator authenticator, Quotas quotas, RequestSpan span)
{
    private Func<Task<Caller>> authenticate = () => Task.FromResult(Caller.Anonymous);
    private Admission? admission;
    private long received;

    public HttpRequest Request => request;

    /// <summary>Cancelled when the client disconnects.</summary>
    public CancellationToken Aborted { get; } = request.HttpContext.RequestAborted;

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
        admission = await CountAsync(caller, target.Account);
        if (target.Account is { } account)
            caller.RequireAccount(account, target.Missing!);
        if (target.Queue is { } queue)
            caller.RequireQueue(queue.Queue);
        return new(this, caller, admission, quotas);
    }

    /// <summary>Authorizes a request and admits it, if the operation's policy is known from the start.</summary>
    /// <inheritdoc cref="AuthorizeAsync(RequestTarget)"/>
    public async Task<AuthorizedRequest> AuthorizeAsync(RequestTarget target, OperationPolicy policy, int weight = 1)
    {
        var authorized = await AuthorizeAsync(target);
        await authorized.AdmitAsync(policy, weight);
        return authorized;
    }

    /// <summary>Authenticates the caller again, after some time has passed.</summary>
    public Task AuthenticateAgainAsync() => authenticate();

    /// <summary>Counts bytes of the body.</summary>
    public void Received(int bytes) => received += bytes;

    /// <summary>Ends the request, except for its response: charges the bytes of both.</summary>
    /// <returns>The lease, to be disposed after the response is sent; null if the request holds none.</returns>
    public IDisposable? End(long responseBytes)
    {
        admission?.Charge((received + responseBytes) / AccessLimits.BytesPerRequest);
        return admission?.TakeLease();
    }

    private Func<Task<Caller>> AuthenticationOf(RequestTarget target)
    {
        if (authenticator.IsOpen)
            return () => Task.FromResult(Caller.Anonymous);
        if (request.Headers.Authorization.Count > 0 || target is not { Queue: { } queue, LinkParameters: { Link: { } link } parameters })
            return () => authenticator.AuthenticateKeyAsync(request.Headers.Authorization);
        var method = HttpMethods.IsHead(request.Method) ? HttpMethods.Get : request.Method;
        return () => authenticator.AuthenticateLinkAsync(link, queue, target.Message, method, parameters.Values);
    }

    /// <summary>
    /// Counts the request. A caller pays from its own account, whatever account it asks about. The operator pays nothing.
    /// </summary>
    private async Task<Admission> CountAsync(Caller caller, AccountName? account)
    {
        var limits = (caller.Account ?? account) is { } limited ? await quotas.OfAsync(limited) : quotas.Defaults;
        var payer = caller.Account ?? (authenticator.IsOpen ? account : null);
        if (payer is { } paying)
            await quotas.Rate.CountAsync(paying, limits, Aborted);
        return new(quotas, payer, limits, Aborted);
    }
}
