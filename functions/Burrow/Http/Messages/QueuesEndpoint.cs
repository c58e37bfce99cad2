using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0/{account}</c>: the queues of an account.</summary>
public sealed class QueuesEndpoint(Responder responder, QueueEngine queues)
{
    private static readonly Resource Resource = new("/v1.0/{account}", "GET", "HEAD", "DELETE");

    /// <summary>Lists them.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => ServeAsync(request, OperationPolicy.ListQueues, Detail.Id, queues.QueuesAsync);

    /// <summary>Deletes all their messages.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) => ServeAsync(request, OperationPolicy.DeleteQueues, Detail.None, queues.DeleteQueuesAsync);

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) =>
        responder.RefuseAsync(request, request => RequestPath.Account(request), Resource);

    private Task<IResult> ServeAsync(
        HttpRequest request, OperationPolicy need, Detail absent, Func<AccountName, NameSelection, CancellationToken, Task<NameList>> serve) =>
        responder.ServeAsync(request, Resource, async serving =>
        {
            const string missing = "No such account, or no queue of it matches.";
            var account = RequestPath.Account(request);
            await serving.DemandAsync(need, account, new(missing), RequestContext.Whole);
            return await NameAnswer.OfAsync(
                request, serving, absent, selection => serve(account, selection with { Only = serving.Caller.Spec.Queues }, serving.Aborted), missing);
        });
}
