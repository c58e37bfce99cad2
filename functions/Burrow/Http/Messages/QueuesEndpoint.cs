using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0/{account}</c>: the queues of an account.</summary>
public sealed class QueuesEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "v1.0/{account}";

    private const string Missing = "No such account, or no queue of it matches.";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    public QueuesEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, this.queues) = (responder, queues);
        resource = new Resource<AccountName>(Route, path => path.Account) { Get = ListAsync, Delete = DeleteAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>
    /// GET lists the queues that hold a message and that the key is for. DELETE deletes all messages of those that match.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> ListAsync(RequestContext context, AccountName account)
    {
        var authorized = await AuthorizeAsync(context, account, OperationPolicy.ListQueues);
        return await NameAnswer.OfAsync(
            context,
            authorized,
            Detail.Id,
            selection => queues.QueuesAsync(account, Scope(selection, authorized), context.Aborted),
            Missing);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, AccountName account)
    {
        var authorized = await AuthorizeAsync(context, account, OperationPolicy.DeleteQueues);
        return await NameAnswer.OfAsync(
            context,
            authorized,
            Detail.None,
            selection => queues.DeleteQueuesAsync(account, Scope(selection, authorized), context.Aborted),
            Missing);
    }

    private static Task<AuthorizedRequest> AuthorizeAsync(RequestContext context, AccountName account, OperationPolicy policy) =>
        context.AuthorizeAsync(RequestTarget.Of(account, new(Missing)), policy, Admission.WholeQueue);

    private static NameSelection Scope(NameSelection selection, AuthorizedRequest authorized) =>
        selection with { Only = authorized.Caller.Spec.Queues };
}
