using System.Threading.RateLimiting;
using Burrow.Access;
using Burrow.Queues;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>
/// One request while it is served: who asks, whether it may, and what it costs its account. First who asks (401), then whether
/// that isn't too often (429), whether it is for this account at all (404), and last whether it may do this (403).
/// </summary>
internal sealed class RequestContext(HttpRequest request, Authenticator gate, Quotas quotas, RequestSpan span) : IWaitingRequest
{
    /// <summary>As a weight: goes through a whole queue or account.</summary>
    public const int Whole = int.MaxValue;

    private Func<Task<Caller>>? authenticate;
    private Caller? caller;
    private AccountLimits? limits;
    private AccountName? payer;
    private RateLimitLease? lease;
    private int weighs;
    private long brought;

    /// <summary>Cancelled when the client disconnects.</summary>
    public CancellationToken Aborted { get; } = request.HttpContext.RequestAborted;

    /// <inheritdoc cref="RequestSpan.TraceParent"/>
    public string? TraceParent => span.TraceParent;

    /// <summary>Who asks.</summary>
    public Caller Caller => caller ?? throw new InvalidOperationException("Nobody asked who it is.");

    /// <summary>What the account may that is asked for.</summary>
    public AccountLimits Limits => limits ?? throw new InvalidOperationException("No account was asked for.");

    /// <summary>For what is about all accounts.</summary>
    public async Task DemandAsync(OperationPolicy need)
    {
        await AuthenticateAsync(KeyAsync);
        await AdmitAsync(null);
        await BeginAsync(need, Whole);
    }

    /// <summary>For what is about one account.</summary>
    /// <param name="need">What it needs.</param>
    /// <param name="account">Whose.</param>
    /// <param name="missing">What is said where there is no such account, and to whoever has no business there.</param>
    /// <param name="weight">What it counts for among those that are served at a time.</param>
    public async Task DemandAsync(OperationPolicy need, AccountName account, NotFoundException missing, int weight = 1)
    {
        await AuthenticateAsync(KeyAsync);
        await EnterAsync(account, missing);
        await BeginAsync(need, weight);
    }

    /// <summary>For what is about one queue; what it needs is demanded later (<see cref="BeginAsync(OperationPolicy, int)"/>).</summary>
    public async Task EnterAsync(QueueAddress queue, NotFoundException missing)
    {
        await AuthenticateAsync(KeyAsync);
        span.SetTag(queue.Queue);
        await EnterAsync(queue.Account, missing);
        Caller.RequireQueue(queue.Queue);
    }

    /// <summary>The same of its messages, or one of them, for which there are links.</summary>
    public async Task EnterAsync(QueueAddress queue, MessageId? id, Parameters parameters, NotFoundException missing)
    {
        await AuthenticateAsync(
            !gate.IsOpen && request.Headers.Authorization.Count == 0 && parameters.Link is { } link
                ? () => gate.AuthenticateLinkAsync(link, queue, id, HttpMethods.IsHead(request.Method) ? HttpMethods.Get : request.Method, parameters.Values)
                : KeyAsync);
        span.SetTag(queue.Queue);
        await EnterAsync(queue.Account, missing);
        Caller.RequireQueue(queue.Queue);
    }

    /// <summary>Demands what the operation needs, then waits for its turn among those of its account.</summary>
    public Task BeginAsync(OperationPolicy need, int weight = 1)
    {
        Caller.Require(need);
        return BeginAsync(weight);
    }

    /// <summary>Waits for its turn. <see cref="Whole"/> is half of all that may be served.</summary>
    public async Task BeginAsync(int weight)
    {
        weighs = weight;
        if (payer is { } account)
            lease = await quotas.EnterAsync(account, Limits, weight == Whole ? (int)(Limits.Concurrent / 2) : weight, Aborted);
    }

    /// <summary>Demands room for messages.</summary>
    public ValueTask DemandRoomAsync(QueueAddress queue, int messages, long bytes) => quotas.RequireStorageAsync(queue, messages, bytes, Limits);

    /// <summary>How it waits for messages.</summary>
    public WaitOptions WaitFor(TimeSpan longest) => new(longest, Limits.Waiting, this);

    /// <summary>It makes room for others while it waits.</summary>
    void IWaitingRequest.Pause()
    {
        lease?.Dispose();
        lease = null;
    }

    /// <summary>Its key may have been revoked meanwhile, or its link have expired.</summary>
    async ValueTask IWaitingRequest.ResumeAsync()
    {
        await authenticate!();
        await BeginAsync(weighs);
    }

    /// <inheritdoc cref="RequestBody.ReadAsync"/>
    public async Task<byte[]> ReadBodyAsync(int most)
    {
        var body = await RequestBody.ReadAsync(request, most, Brought, Aborted);
        await authenticate!();
        return body;
    }

    /// <inheritdoc cref="RequestBody.BorrowAsync"/>
    public async Task<ArrayPoolBufferWriter<byte>> BorrowBodyAsync(int most)
    {
        var body = await RequestBody.BorrowAsync(request, most, Brought, Aborted);
        try
        {
            // It may have taken its time.
            await authenticate!();
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Counts what it is worth besides the one request that it is.</summary>
    public void Charge(long requests)
    {
        if (payer is { } account)
            quotas.Charge(account, requests);
    }

    /// <summary>It is over but for its answer: counts what it brought, and is to be answered with.</summary>
    /// <returns>To be disposed when that is sent.</returns>
    public IDisposable? End(long answered)
    {
        Charge((brought + answered) / Burrow.Limits.BytesPerRequest);
        return lease;
    }

    private void Brought(int bytes) => brought += bytes;

    private Task<Caller> KeyAsync() => gate.IsOpen ? Task.FromResult(Caller.Anonymous) : gate.AuthenticateKeyAsync(request.Headers.Authorization);

    private async Task AuthenticateAsync(Func<Task<Caller>> who)
    {
        authenticate = who;
        caller = await who();
    }

    private async Task EnterAsync(AccountName account, NotFoundException missing)
    {
        span.SetTag(account);
        await AdmitAsync(account);
        Caller.RequireAccount(account, missing);
    }

    /// <summary>What somebody asks for elsewhere is his own account's to pay; the operator pays for nobody.</summary>
    private async Task AdmitAsync(AccountName? account)
    {
        if ((Caller.Account ?? account) is { } asked)
            limits = await quotas.OfAsync(asked);
        if ((Caller.Account ?? (gate.IsOpen ? account : null)) is not { } paying)
            return;
        await quotas.AdmitAsync(paying, Limits, Aborted);
        payer = paying;
    }
}
