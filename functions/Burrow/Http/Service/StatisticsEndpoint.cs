using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary><c>/stats/{account}</c> and <c>/stats/{account}/{queue}</c>: how much there is, how old it is, and what became of the rest.</summary>
public sealed class StatisticsEndpoint(Responder responder, QueueEngine queues)
{
    /// <summary>Queues known, shown or not, that count as one more request.</summary>
    private const int KnownPerRequest = 100;

    private static readonly Resource Account = new("/stats/{account}", "GET", "HEAD");
    private static readonly Resource Queue = new("/stats/{account}/{queue}", "GET", "HEAD");

    /// <summary>Shows how an account stands, and its queues, as far as the key is for them.</summary>
    public Task<IResult> GetAccountAsync(HttpRequest request) => responder.ServeAsync(request, Account, async serving =>
    {
        var account = RequestPath.AccountStatistics(request);
        var missing = new NotFoundException("No such account, or it has no queue.");
        await serving.DemandAsync(OperationPolicy.ShowStatistics, account, missing, RequestContext.Whole);
        Preconditions.Reject(request);
        var selection = new Parameters(request).NameSelection;
        selection = selection with
        {
            Limit = Math.Min(selection.Limit ?? Limits.StatisticsQueues, Limits.MaxStatisticsQueues),
            Only = serving.Caller.Spec.Queues,
        };
        var statistics = await queues.StatisticsAsync(account, selection, serving.Aborted) ?? throw missing;
        // Each was looked at, and of all others there was something to read.
        serving.Charge(statistics.Shown.Count + (statistics.Known / KnownPerRequest) - 1);
        return Answer.OfJson(200, json => StatisticsJson.Write(json, account, statistics)).With("Burrow-More", statistics.More ? "true" : null);
    });

    /// <summary>Shows how a queue stands.</summary>
    public Task<IResult> GetQueueAsync(HttpRequest request) => responder.ServeAsync(request, Queue, async serving =>
    {
        var queue = RequestPath.QueueStatistics(request);
        var missing = new NotFoundException("No such account or queue.");
        await serving.EnterAsync(queue, missing);
        await serving.BeginAsync(OperationPolicy.ShowStatistics);
        Preconditions.Reject(request);
        var statistics = await queues.StatisticsAsync(queue, serving.Aborted) ?? throw missing;
        return Answer.OfJson(200, json => StatisticsJson.Write(json, new QueueStatistics(queue.Queue, statistics)));
    });

    /// <summary>405, for an account.</summary>
    public Task<IResult> RefuseAccountAsync(HttpRequest request) =>
        responder.RefuseAsync(request, request => RequestPath.AccountStatistics(request), Account);

    /// <summary>405, for a queue.</summary>
    public Task<IResult> RefuseQueueAsync(HttpRequest request) =>
        responder.RefuseAsync(request, request => RequestPath.QueueStatistics(request), Queue);
}
