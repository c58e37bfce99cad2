using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/results/{account}/{queue}/{message}</c>: what became of a message (docs/design/results.md).</summary>
public sealed class ResultsEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "results/{account}/{queue}/{message}";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">Holds the results.</param>
    public ResultsEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, this.queues) = (responder, queues);
        resource = new Resource<MessagePath>(Route, path => new(path.Queue, path.Message)) { Get = GetAsync, Put = PutAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>
    /// GET shows what became of a message, and may wait for it. PUT leaves progress, under the receipt of the worker that has the message.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> GetAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path);
        await authorized.AdmitAsync(OperationPolicy.AwaitResult);
        var precondition = Preconditions.Parse(context.Request);
        var result = await queues.ResultAsync(
            path.Queue, path.Id, precondition, authorized.WaitFor(parameters.Wait), context.Aborted) ?? throw NotFound();
        if (!precondition.MatchHolds(result.Receipt))
            throw new PreconditionFailedException("If-Match: the result has another ETag.");
        var answer = new Answer(200, result.Left.ContentType ?? Answer.Bytes, result.Left.Body)
            .With("ETag", result.Receipt.ETag)
            .With("Burrow-State", NameOf(result.State));
        return precondition.NoneMatchHolds(result.Receipt) ? answer : answer.NotModified();
    }

    private async Task<Answer> PutAsync(RequestContext context, MessagePath path)
    {
        var (authorized, _) = await AuthorizeAsync(context, path);
        authorized.Require(OperationPolicy.LeaveProgress);
        var precondition = Preconditions.Parse(context.Request);
        Preconditions.RequireReceipt(precondition, "Progress", "left");
        RequestBody.RequireWhole(context.Request);
        var contentType = RequestBody.ContentType(context.Request.ContentType);
        var body = await authorized.ReadBodyAsync(ResultLimits.BodyBytes);
        await authorized.AdmitAsync();
        var left = new ResultBody(body, contentType);
        var receipt = await queues.PutProgressAsync(path.Queue, path.Id, left, precondition, context.Aborted) ?? throw NotFound();
        return new Answer(200).With("ETag", receipt.ETag);
    }

    private static async Task<(AuthorizedRequest Authorized, QueryParameters Parameters)> AuthorizeAsync(
        RequestContext context, MessagePath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfResult(path.Queue, path.Id, NotFound()));
        var parameters = new QueryParameters(context.Request);
        parameters.CheckAll();
        return (authorized, parameters);
    }

    private static string NameOf(ResultState state) => state switch
    {
        ResultState.Running => "running",
        ResultState.Done => "done",
        ResultState.Deleted => "deleted",
        ResultState.Dead => "dead",
        _ => "expired",
    };

    private static NotFoundException NotFound() => new("No such account or queue, or no result of such a message.");

    private sealed record MessagePath(QueueAddress Queue, MessageId Id);
}
