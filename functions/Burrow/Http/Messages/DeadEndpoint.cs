using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary>
/// <c>/dead/{account}</c>, <c>/dead/{account}/{queue}</c> and <c>/dead/{account}/{queue}/{message}</c>: dead messages
/// (docs/design/dead.md).
/// </summary>
public sealed class DeadEndpoint : IEndpoint
{
    /// <summary>The path of the queues that hold dead messages.</summary>
    public const string QueuesRoute = "dead/{account}";

    /// <summary>The path of the dead messages of a queue.</summary>
    public const string MessagesRoute = "dead/{account}/{queue}";

    /// <summary>The path of one dead message.</summary>
    public const string MessageRoute = "dead/{account}/{queue}/{message}";

    private const string Missing = "No such account, or no queue of it that matches holds a dead message.";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly Resource list;
    private readonly Resource messages;
    private readonly Resource message;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    public DeadEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, this.queues) = (responder, queues);
        list = new Resource<AccountName>(QueuesRoute, path => path.Account) { Get = ListQueuesAsync };
        messages = new Resource<QueueAddress>(MessagesRoute, path => path.Queue)
        {
            Get = ListAsync,
            Post = RedriveAllAsync,
            Delete = PurgeAllAsync,
        };
        message = new Resource<MessagePath>(MessageRoute, path => new(path.Queue, path.Message))
        {
            Get = GetAsync,
            Post = RedriveAsync,
            Delete = PurgeAsync,
        };
    }

    IEnumerable<Resource> IEndpoint.Resources => [list, messages, message];

    /// <summary>GET lists the queues that hold a dead message and that the key is for.</summary>
    public Task<IResult> ServeQueuesAsync(HttpRequest request) => responder.ServeAsync(request, list);

    /// <summary>GET lists dead messages. POST redrives them: it puts them back into their old places. DELETE purges them.</summary>
    public Task<IResult> ServeMessagesAsync(HttpRequest request) => responder.ServeAsync(request, messages);

    /// <summary>GET shows a dead message. POST redrives it. DELETE purges it.</summary>
    public Task<IResult> ServeMessageAsync(HttpRequest request) => responder.ServeAsync(request, message);

    private async Task<Answer> ListQueuesAsync(RequestContext context, AccountName account)
    {
        var authorized = await context.AuthorizeAsync(
            RequestTarget.Of(account, new(Missing)), OperationPolicy.ShowDead, Admission.WholeQueue);
        return await NameAnswer.OfAsync(
            context,
            authorized,
            Detail.Id,
            selection => queues.DeadQueuesAsync(account, selection with { Only = authorized.Caller.Spec.Queues }, context.Aborted),
            Missing);
    }

    private async Task<Answer> ListAsync(RequestContext context, QueueAddress queue)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, queue, null);
        var selection = SelectionOf(authorized, parameters, Detail.Full);
        await AdmitAsync(authorized, OperationPolicy.ShowDead, selection, isChange: false);
        return Show(await queues.ListDeadAsync(queue, selection, context.Aborted), selection);
    }

    private async Task<Answer> RedriveAllAsync(RequestContext context, QueueAddress queue)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, queue, null);
        authorized.Require(RedrivePolicyOf(parameters.MessageDetail(Detail.None)));
        await authorized.ReadFormAsync(parameters);
        var selection = SelectionOf(authorized, parameters, Detail.None);
        await AdmitAsync(authorized, RedrivePolicyOf(selection.Detail), selection, isChange: true);
        var redriven = await queues.RedriveAsync(queue, selection, parameters.Attributes, context.Aborted);
        authorized.Charge(redriven.Count - 1);
        return Show(redriven, selection);
    }

    private async Task<Answer> PurgeAllAsync(RequestContext context, QueueAddress queue)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, queue, null);
        var selection = SelectionOf(authorized, parameters, Detail.None);
        await AdmitAsync(authorized, PurgePolicyOf(selection.Detail), selection, isChange: true);
        var purged = await queues.PurgeAsync(queue, selection, context.Aborted);
        authorized.Charge(purged.Count - 1);
        return Show(purged, selection);
    }

    private async Task<Answer> GetAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path.Queue, path.Id);
        await authorized.AdmitAsync(OperationPolicy.ShowDead);
        parameters.CheckAll();
        var precondition = Preconditions.Parse(context.Request);
        var detail = parameters.MessageDetail(Detail.Full);
        var found = await queues.GetDeadAsync(path.Queue, path.Id, detail, context.Aborted) ?? throw NotFound();
        return MessageJson.One(found, detail, precondition);
    }

    private async Task<Answer> RedriveAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path.Queue, path.Id);
        authorized.Require(RedrivePolicyOf(parameters.MessageDetail(Detail.None)));
        await authorized.ReadFormAsync(parameters);
        parameters.CheckAll();
        var detail = parameters.MessageDetail(Detail.None);
        await authorized.AdmitAsync(RedrivePolicyOf(detail));
        var redriven = await queues.RedriveAsync(
            path.Queue, path.Id, parameters.Attributes, Preconditions.Parse(context.Request), detail, context.Aborted);
        return MessageJson.One(redriven ?? throw NotFound(), detail);
    }

    private async Task<Answer> PurgeAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path.Queue, path.Id);
        parameters.CheckAll();
        var detail = parameters.MessageDetail(Detail.None);
        await authorized.AdmitAsync(PurgePolicyOf(detail));
        var purged = await queues.PurgeAsync(path.Queue, path.Id, Preconditions.Parse(context.Request), detail, context.Aborted);
        return MessageJson.One(purged ?? throw NotFound(), detail);
    }

    private static async Task<(AuthorizedRequest Authorized, QueryParameters Parameters)> AuthorizeAsync(
        RequestContext context, QueueAddress queue, MessageId? id) =>
        (await context.AuthorizeAsync(RequestTarget.OfDead(queue, id, NotFound())), new QueryParameters(context.Request));

    private static MessageSelection SelectionOf(AuthorizedRequest authorized, QueryParameters parameters, Detail absent)
    {
        parameters.CheckAll();
        return parameters.Messages(absent) with { Memory = authorized.Memory, MatchHidden = false };
    }

    private static Task AdmitAsync(
        AuthorizedRequest authorized, OperationPolicy policy, MessageSelection selection, bool isChange) => authorized.AdmitAsync(
        policy, SelectionCost.WeightOf(selection, isChange), SelectionCost.MemoryOf(selection, isChange));

    private static OperationPolicy RedrivePolicyOf(Detail detail) =>
        detail == Detail.None ? OperationPolicy.Redrive : OperationPolicy.RedriveShown;

    private static OperationPolicy PurgePolicyOf(Detail detail) =>
        detail == Detail.None ? OperationPolicy.Purge : OperationPolicy.PurgeShown;

    private static Answer Show(MessageList list, MessageSelection selection) =>
        list.Count == 0 ? throw NotFound() : MessageJson.List(list, selection.Detail);

    private static NotFoundException NotFound() => new("No such account or queue, or no dead message of it matches.");

    private sealed record MessagePath(QueueAddress Queue, MessageId Id);
}
