using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0</c>: the accounts.</summary>
public sealed class AccountsEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "v1.0";

    private const string Missing = "No account holds a message.";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    public AccountsEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, this.queues) = (responder, queues);
        resource = new Resource<ResourcePath>(Route, path => path) { Get = ListAsync, Delete = DeleteAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>GET lists the accounts that hold a message. DELETE deletes all messages of those that match.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> ListAsync(RequestContext context, ResourcePath path)
    {
        var authorized = await AuthorizeAsync(context, OperationPolicy.ListAccounts);
        return await NameAnswer.OfAsync(
            context, authorized, Detail.Id, selection => queues.AccountsAsync(selection, context.Aborted), Missing);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, ResourcePath path)
    {
        var authorized = await AuthorizeAsync(context, OperationPolicy.DeleteAccounts);
        return await NameAnswer.OfAsync(
            context, authorized, Detail.None, selection => queues.DeleteAccountsAsync(selection, context.Aborted), Missing);
    }

    private static Task<AuthorizedRequest> AuthorizeAsync(RequestContext context, OperationPolicy policy) =>
        context.AuthorizeAsync(RequestTarget.AllAccounts, policy, Admission.WholeQueue);
}
