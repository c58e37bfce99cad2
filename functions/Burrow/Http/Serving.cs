using Burrow.Access;
using Burrow.Queues;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http;

/// <summary>
/// One request while it is served: who asks, whether it may, and what it costs its account. First who asks (401), then whether
/// that isn't too often (429), whether it is for this account at all (404), and last whether it may do this (403).
/// </summary>
internal sealed class Serving(HttpRequest request, Gate gate, Quotas quotas)
{
    private Caller? caller;
    private AccountLimits? limits;
    private AccountName? charged;
    private long brought;

    /// <summary>Cancelled when the client disconnects.</summary>
    public CancellationToken Aborted { get; } = request.HttpContext.RequestAborted;

    /// <summary>Who asks.</summary>
    public Caller Caller => caller ?? throw new InvalidOperationException("Nobody asked who it is.");

    /// <summary>What the account may that is asked for.</summary>
    public AccountLimits Limits => limits ?? throw new InvalidOperationException("No account was asked for.");

    /// <summary>For what is about all accounts.</summary>
    public async Task DemandAsync(Need need)
    {
        caller = await AuthenticateAsync();
        await AdmitAsync(null);
        Caller.Demand(need);
    }

    /// <summary>For what is about one account.</summary>
    /// <param name="need">What it needs.</param>
    /// <param name="account">Whose.</param>
    /// <param name="missing">What is said where there is no such account, and to whoever has no business there.</param>
    public async Task DemandAsync(Need need, AccountName account, NotFoundException missing)
    {
        caller = await AuthenticateAsync();
        await EnterAsync(account, missing);
        Caller.Demand(need);
    }

    /// <summary>For what is about one queue; what it needs is demanded later.</summary>
    public async Task EnterAsync(QueueAddress queue, NotFoundException missing)
    {
        caller = await AuthenticateAsync();
        await EnterAsync(queue.Account, missing);
        Caller.DemandQueue(queue.Queue);
    }

    /// <summary>The same of its messages, or one of them, for which there are links.</summary>
    public async Task EnterAsync(QueueAddress queue, MessageId? id, Parameters parameters, NotFoundException missing)
    {
        caller = !gate.IsOpen && request.Headers.Authorization.Count == 0 && parameters.Link is { } link
            ? await gate.OfLinkAsync(link, queue, id, HttpMethods.IsHead(request.Method) ? HttpMethods.Get : request.Method, parameters.Given)
            : await AuthenticateAsync();
        await EnterAsync(queue.Account, missing);
        Caller.DemandQueue(queue.Queue);
    }

    /// <summary>Demands room for a message.</summary>
    public ValueTask DemandRoomAsync(QueueAddress queue) => quotas.DemandRoomAsync(queue, Limits, Aborted);

    /// <inheritdoc cref="RequestBody.ReadAsync"/>
    public async Task<byte[]> ReadBodyAsync(int most)
    {
        var body = await RequestBody.ReadAsync(request, most, Aborted);
        brought += body.Length;
        return body;
    }

    /// <inheritdoc cref="RequestBody.BorrowAsync"/>
    public async Task<ArrayPoolBufferWriter<byte>> BorrowBodyAsync(int most)
    {
        var body = await RequestBody.BorrowAsync(request, most, Aborted);
        brought += body.WrittenCount;
        return body;
    }

    /// <summary>Counts what it is worth besides the one request that it is.</summary>
    public void Charge(long requests)
    {
        if (charged is { } account)
            quotas.Charge(account, requests);
    }

    /// <summary>Counts what it brought and what it is answered with.</summary>
    public void ChargeBytes(long answered) => Charge((brought + answered) / Burrow.Limits.BytesPerRequest);

    private async Task<Caller> AuthenticateAsync() => gate.IsOpen ? Caller.Everyone : await gate.OfKeyAsync(request.Headers.Authorization);

    private async Task EnterAsync(AccountName account, NotFoundException missing)
    {
        await AdmitAsync(account);
        Caller.DemandAccount(account, missing);
    }

    /// <summary>What somebody asks for elsewhere is his own account's to pay; the operator pays for nobody.</summary>
    private async Task AdmitAsync(AccountName? account)
    {
        if (account is { } asked)
            limits = await quotas.OfAsync(Caller.Account ?? asked);
        if ((Caller.Account ?? (gate.IsOpen ? account : null)) is not { } payer)
            return;
        await quotas.AdmitAsync(payer, limits ?? await quotas.OfAsync(payer), Aborted);
        charged = payer;
    }
}
