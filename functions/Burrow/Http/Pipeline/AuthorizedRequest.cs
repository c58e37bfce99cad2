using Burrow.Access;
using Burrow.Queues;
using CommunityToolkit.HighPerformance.Buffers;

namespace Burrow.Http.Pipeline;

/// <summary>
/// A request whose caller is known and may reach its target. <see cref="AdmitAsync(OperationPolicy, int)"/> decides what the caller may do
/// there.
/// </summary>
internal sealed class AuthorizedRequest(RequestContext context, Caller caller, Admission admission, Quotas quotas) : IWaitingRequest
{
    public Caller Caller => caller;

    /// <summary>The limits of the account that the request is about.</summary>
    public AccountLimits Limits => admission.Limits;

    /// <summary>Requires the permissions of an operation, then waits until the request may be served.</summary>
    /// <exception cref="ForbiddenException">The caller lacks a permission.</exception>
    public Task AdmitAsync(OperationPolicy policy, int weight = 1)
    {
        caller.Require(policy);
        return admission.EnterAsync(weight);
    }

    /// <summary>Waits until the request may be served, where the permissions are checked later.</summary>
    public Task AdmitAsync(int weight) => admission.EnterAsync(weight);

    /// <summary>Requires room for messages.</summary>
    /// <exception cref="QuotaExceededException">The account has no room.</exception>
    public ValueTask RequireStorageAsync(QueueAddress queue, int messages, long bytes) =>
        quotas.Storage.RequireAsync(queue, messages, bytes, Limits);

    /// <summary>How the request waits for messages.</summary>
    public WaitOptions WaitFor(TimeSpan maxTime) => new(maxTime, Limits.Waiting, this);

    /// <summary>The body. The caller is authenticated again afterwards, because the body may take long to arrive.</summary>
    /// <inheritdoc cref="RequestBody.BorrowAsync"/>
    public async Task<byte[]> ReadBodyAsync(int maxBytes)
    {
        using var body = await BorrowBodyAsync(maxBytes);
        return body.WrittenSpan.ToArray();
    }

    /// <summary>The body, read in the same way, in borrowed memory: for a body that is parsed and not kept.</summary>
    /// <inheritdoc cref="RequestBody.BorrowAsync"/>
    public async Task<ArrayPoolBufferWriter<byte>> BorrowBodyAsync(int maxBytes)
    {
        var body = await RequestBody.BorrowAsync(context.Request, maxBytes, context.Received, context.Aborted);
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

    /// <inheritdoc cref="Admission.Charge"/>
    public void Charge(long requests) => admission.Charge(requests);

    /// <summary>A waiting request makes room for other requests.</summary>
    void IWaitingRequest.Pause() => admission.Leave();

    /// <summary>Authenticates the caller again: during the wait, its key may have been revoked or its link may have expired.</summary>
    async ValueTask IWaitingRequest.ResumeAsync()
    {
        await context.AuthenticateAgainAsync();
        await admission.EnterAgainAsync();
    }
}
