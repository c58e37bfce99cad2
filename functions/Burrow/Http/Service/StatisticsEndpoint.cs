using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary>
/// <c>/stats/{account}</c> and <c>/stats/{account}/{queue}</c>: how many messages there are, how old they are, and what happened to others.
/// </summary>
public sealed class StatisticsEndpoint : IEndpoint
{
    /// <summary>The path of an account and its queues.</summary>
    public const string AccountRoute = "stats/{account}";

    /// <summary>The path of a queue.</summary>
    public const string QueueRoute = "stats/{account}/{queue}";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly Resource accountResource;
    private readonly Resource queueResource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    public StatisticsEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, this.queues) = (responder, queues);
        accountResource = new Resource<AccountName>(AccountRoute, path => path.Account) { Get = GetAccountAsync };
        queueResource = new Resource<QueueAddress>(QueueRoute, path => path.Queue) { Get = GetQueueAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [accountResource, queueResource];

    /// <summary>GET shows an account's statistics, and those of its queues that the key is for.</summary>
    public Task<IResult> ServeAccountAsync(HttpRequest request) => responder.ServeAsync(request, accountResource);

    /// <summary>GET shows a queue's statistics; with <c>until=empty</c>, when the queue is empty.</summary>
    /// <param name="request">The request.</param>
    /// <param name="waitEnded">Ends a wait when it is cancelled, as if its time were up.</param>
    public Task<IResult> ServeQueueAsync(HttpRequest request, CancellationToken waitEnded) =>
        responder.ServeAsync(request, queueResource, waitEnded);

    private async Task<Answer> GetAccountAsync(RequestContext context, AccountName account)
    {
        var missing = new NotFoundException("No such account, or it has no queue.");
        var authorized = await context.AuthorizeAsync(
            RequestTarget.Of(account, missing), OperationPolicy.ShowStatistics, Admission.WholeQueue);
        var selection = ParametersOf(context).NameSelection;
        selection = selection with
        {
            Limit = Math.Min(selection.Limit ?? HttpLimits.StatisticsQueues, HttpLimits.MaxStatisticsQueues),
            Only = authorized.Caller.Spec.Queues,
        };
        var statistics = await queues.StatisticsAsync(account, selection, context.Aborted) ?? throw missing;
        // The request read each queue that it shows. The rows of counts of all queues are charged as they are read.
        authorized.Charge(statistics.Shown.Count - 1);
        return Answer.OfJson(
            200, json => StatisticsJson.Write(json, account, statistics)).With("Burrow-More", statistics.More ? "true" : null);
    }

    private async Task<Answer> GetQueueAsync(RequestContext context, QueueAddress queue)
    {
        var missing = new NotFoundException("No such account or queue.");
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(queue, missing), OperationPolicy.ShowStatistics);
        var parameters = ParametersOf(context);
        var statistics = parameters.UntilEmpty
            ? await queues.UntilEmptyAsync(queue, authorized.WaitFor(parameters.Wait), context.Aborted)
            : await queues.StatisticsAsync(queue, context.Aborted) ?? throw missing;
        var relay = await queues.Relays.OfAsync(queue, context.Aborted);
        return Answer.OfJson(200, json => StatisticsJson.Write(json, new QueueStatistics(queue.Queue, statistics), relay));
    }

    private static QueryParameters ParametersOf(RequestContext context)
    {
        var parameters = new QueryParameters(context.Request);
        parameters.MessageDetail(Detail.None);
        parameters.CheckAll();
        return parameters;
    }
}
