using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0</c>: the accounts.</summary>
public sealed class AccountsEndpoint(Responder responder, QueueEngine queues)
{
    private static readonly Resource Resource = new("/v1.0", "GET", "HEAD", "DELETE");

    /// <summary>Lists them.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => ServeAsync(request, OperationPolicy.ListAccounts, Detail.Id, queues.AccountsAsync);

    /// <summary>Deletes all their messages.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) => ServeAsync(request, OperationPolicy.DeleteAccounts, Detail.None, queues.DeleteAccountsAsync);

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, RequestPath.Accounts, Resource);

    private Task<IResult> ServeAsync(HttpRequest request, OperationPolicy need, Detail absent, Func<NameSelection, CancellationToken, Task<NameList>> serve) =>
        responder.ServeAsync(request, Resource, async serving =>
        {
            RequestPath.Accounts(request);
            await serving.DemandAsync(need);
            return await NameAnswer.OfAsync(request, serving, absent, selection => serve(selection, serving.Aborted), "No account holds a message.");
        });
}
