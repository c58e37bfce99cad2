using Burrow.Access;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>
/// A request whose caller is known and may reach its target. <see cref="Require"/> decides what the caller may do
/// there. A request with a body first requires the permission, then receives the body, and only then waits for its turn: a slow client
/// takes no turn from others.
/// </summary>
internal sealed class AuthorizedRequest(RequestContext context, Caller caller, Admission admission, Quotas quotas) : IWaitingRequest
{
    private bool isBodyRead;

    public Caller Caller => caller;

    /// <summary>The limits of the account that the request is about.</summary>
    public AccountLimits Limits => admission.Limits;

    /// <summary>A limit of the account, and the part of it that the caller's key may use.</summary>
    public (long Account, long Key) ShareOf(long limit) => (limit, caller.Payer?.ShareOf(limit) ?? limit);

    /// <summary>The memory for the messages of the answer.</summary>
    public IAnswerMemory Memory => admission.Memory;

    /// <summary>Requires the permissions of an operation.</summary>
    /// <exception cref="ForbiddenException">The caller lacks a permission.</exception>
    public void Require(OperationPolicy policy) => caller.Require(policy);

    /// <summary>Requires the permissions of an operation, then waits until the request may be served.</summary>
    /// <exception cref="ForbiddenException">The caller lacks a permission.</exception>
    public Task AdmitAsync(OperationPolicy policy, int weight = 1, long memory = 0)
    {
        caller.Require(policy);
        return AdmitAsync(weight, memory);
    }

    /// <summary>
    /// Waits until the request may be served, first for its turn, then for memory. A body that has no meaning is read before, and
    /// forgotten.
    /// </summary>
    /// <param name="weight">How much the request counts among those that are served.</param>
    /// <param name="memory">Bytes to reserve.</param>
    public async Task AdmitAsync(int weight = 1, long memory = 0)
    {
        if (!isBodyRead && RequestBody.IsThere(context.Request))
        {
            using var upload = await EnterUploadAsync();
            await RequestBody.SkipAsync(context);
        }

        var entering = admission.EnterAsync(weight, memory);
        if (weight > 1 || !entering.IsCompleted)
            context.Watch();
        await entering;
    }

    /// <summary>Requires room for messages.</summary>
    /// <exception cref="QuotaExceededException">The account has no room.</exception>
    public ValueTask RequireStorageAsync(QueueAddress queue, int messages, long bytes) =>
        quotas.Storage.RequireAsync(queue, messages, bytes, Limits, admission.IsNarrow);

    /// <inheritdoc cref="StorageQuota.MayReplaceAsync"/>
    public Task<bool?> MayReplaceAsync(QueueAddress queue, MessageId id, long bytes) =>
        quotas.Storage.MayReplaceAsync(queue, id, bytes, Limits, context.Aborted);

    /// <summary>Waits until what the producer of a put sent before is stored, if the request names it.</summary>
    /// <exception cref="OutOfTurnException">It is not stored, or a higher epoch was seen. Nothing was stored.</exception>
    public Task WaitForTurnAsync(QueueEngine queues, QueueAddress queue, QueryParameters parameters, CancellationToken cancellationToken) =>
        parameters.Turn is var (producer, epoch, previous) && previous is { } before
            ? queues.WaitForTurnAsync(queue, producer, epoch, before, WaitFor(ProducerLimits.Wait), cancellationToken)
            : Task.CompletedTask;

    /// <summary>How the request waits for messages.</summary>
    public WaitOptions WaitFor(TimeSpan maxTime) => new(maxTime, Limits.Waiting, this)
    {
        Share = admission.WaitShare,
        Ended = context.WaitEnded,
    };

    /// <summary>The body. The caller is authenticated again afterwards, because the body may take long to arrive.</summary>
    /// <inheritdoc cref="RequestBody.BorrowAsync(RequestContext, RequestMemory, int)"/>
    public async Task<byte[]> ReadBodyAsync(int maxBytes)
    {
        using var body = await BorrowBodyAsync(maxBytes);
        return body.ToArray();
    }

    /// <summary>
    /// Requires the permissions of an operation, receives its body as <see cref="BorrowBodyAsync"/> does, and waits until the request
    /// may be served.
    /// </summary>
    /// <exception cref="ForbiddenException">The caller lacks a permission.</exception>
    public async Task<ByteBuffer> AdmitWithBodyAsync(OperationPolicy policy, int maxBytes)
    {
        caller.Require(policy);
        if (HttpMethods.IsPut(context.Request.Method))
            RequestBody.RequireWhole(context.Request);
        var body = await BorrowBodyAsync(maxBytes);
        try
        {
            await AdmitAsync();
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>The body, read in the same way, in borrowed memory: for a body that is parsed and not kept.</summary>
    /// <inheritdoc cref="RequestBody.BorrowAsync(RequestContext, RequestMemory, int)"/>
    public async Task<ByteBuffer> BorrowBodyAsync(int maxBytes)
    {
        var body = await ReceiveAsync(maxBytes);
        try
        {
            await context.AuthenticateAgainAsync();
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Adds the parameters of a form in the body, as the original service did. What the query names counts there. The caller is
    /// authenticated again, because its link may not allow these parameters.
    /// </summary>
    public async Task ReadFormAsync(QueryParameters parameters)
    {
        if (!QueryParameters.IsForm(context.Request))
            return;
        try
        {
            using var form = await ReceiveAsync(HttpLimits.FormBytes);
            parameters.AddForm(form.ToArray());
        }
        catch (Exception e) when (e is TooLargeException or UnsupportedMediaException)
        {
            throw new InvalidRequestException("body", $"A form has at most {HttpLimits.FormBytes} bytes, and is not encoded.");
        }

        await context.AuthenticateAgainAsync();
        parameters.CheckAllWithOutcome();
    }

    /// <inheritdoc cref="Admission.Charge"/>
    public void Charge(long requests) => admission.Charge(requests);

    /// <summary>Gives back the turn while the client reads, and keeps the memory.</summary>
    public void LeaveTurn() => admission.LeaveTurn();

    /// <summary>A waiting request makes room for other requests.</summary>
    public void Pause()
    {
        context.Watch();
        admission.Leave();
    }

    /// <summary>Authenticates the caller again: during the wait, its key may have been revoked or its link may have expired.</summary>
    public async ValueTask<bool> ResumeAsync()
    {
        await context.AuthenticateAgainAsync();
        return await admission.EnterAgainAsync();
    }

    private ValueTask<IDisposable?> EnterUploadAsync()
    {
        var entering = admission.EnterUploadAsync();
        if (!entering.IsCompleted)
            context.Watch();
        return entering;
    }

    private async Task<ByteBuffer> ReceiveAsync(int maxBytes)
    {
        isBodyRead = true;
        using var upload = await EnterUploadAsync();
        return await RequestBody.BorrowAsync(context, admission.Memory, maxBytes);
    }
}
