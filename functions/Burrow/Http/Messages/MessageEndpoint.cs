using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0/{account}/{queue}/{message}</c>: one message, hidden or not.</summary>
public sealed class MessageEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "v1.0/{account}/{queue}/{message}";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly QueueOptions options;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    /// <param name="options">Holds the largest body.</param>
    public MessageEndpoint(Responder responder, QueueEngine queues, IOptions<QueueOptions> options)
    {
        (this.responder, this.queues, this.options) = (responder, queues, options.Value);
        resource = new Resource<MessagePath>(Route, path => new(path.Queue, path.Message))
        {
            Get = GetAsync,
            Put = PutAsync,
            Post = UpdateAsync,
            Delete = DeleteAsync,
        };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>
    /// GET shows a message. PUT puts it: 201 if it is new, 200 if it replaced one. POST sets its attributes, or says with <c>outcome</c>
    /// what became of it. DELETE deletes it.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> GetAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path);
        await authorized.AdmitAsync(OperationPolicy.GetMessage);
        var precondition = Preconditions.Parse(context.Request);
        var detail = parameters.MessageDetail(Detail.All);
        var message = await queues.GetAsync(path.Queue, path.Id, detail, context.Aborted) ?? throw NotFound();
        return MessageJson.One(message, detail, precondition);
    }

    private async Task<Answer> PutAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path);
        authorized.Require(OperationPolicy.PutMessage);
        var precondition = Preconditions.Parse(context.Request);
        var (attributes, number) = (parameters.Attributes, parameters.ProducerNumber);
        RequestBody.RequireWhole(context.Request);
        var contentType = RequestBody.ContentType(context.Request.ContentType);
        var body = await authorized.ReadBodyAsync(options.MaxBodyBytes);
        await authorized.AdmitAsync();
        await RequireStorageAsync(authorized, path, body.Length, number, context.Aborted);
        var put = new PutRequest(path.Id, body, contentType, attributes, precondition)
        {
            TraceParent = context.TraceParent,
            Priority = parameters.Priority,
            Group = parameters.Group,
            Result = parameters.Result,
            Number = number,
        };
        await authorized.WaitForTurnAsync(queues, path.Queue, parameters, context.Aborted);
        var result = await queues.PutAsync(path.Queue, put, context.Aborted);
        if (result.IsDuplicate)
            return new Answer(200).With("Burrow-Duplicate", "true");
        return new Answer(result.Created ? 201 : 200).With("ETag", result.Receipt.ETag);
    }

    private async Task<Answer> UpdateAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path, mayHaveOutcome: true);
        if (parameters.IsDone)
        {
            authorized.Require(OperationPolicy.SettleMessage);
            return await SettleAsync(context, authorized, path, parameters, await ResultOf(context, authorized));
        }

        authorized.Require(OperationPolicy.UpdateMessages);
        await authorized.ReadFormAsync(parameters);
        if (parameters.Outcome is { } outcome)
        {
            if (outcome.Kind == OutcomeKind.Done)
                throw new InvalidRequestException("outcome", "outcome=done stands in the query: a body with it is a result.");
            return await SettleAsync(context, authorized, path, parameters);
        }

        await authorized.AdmitAsync();
        var precondition = Preconditions.Parse(context.Request);
        var detail = parameters.MessageDetail(Detail.None);
        var message = await queues.UpdateAsync(path.Queue, path.Id, parameters.Attributes, precondition, detail, context.Aborted);
        return MessageJson.One(message ?? throw NotFound(), detail);
    }

    private async Task<Answer> SettleAsync(
        RequestContext context, AuthorizedRequest authorized, MessagePath path, QueryParameters parameters, ResultBody? result = null)
    {
        await authorized.AdmitAsync(OperationPolicy.SettleMessage);
        var precondition = Preconditions.Parse(context.Request);
        Preconditions.RequireReceipt(precondition, "An outcome", "changed");
        var detail = parameters.MessageDetail(Detail.None);
        var outcome = parameters.Outcome! with { Result = result };
        var message = await queues.SettleAsync(path.Queue, path.Id, outcome, precondition, detail, context.Aborted);
        return MessageJson.One(message ?? throw NotFound(), detail);
    }

    /// <summary>A body with <c>outcome=done</c> is the result, whatever its type; null: there is none.</summary>
    private static async Task<ResultBody?> ResultOf(RequestContext context, AuthorizedRequest authorized)
    {
        if (!RequestBody.IsThere(context.Request))
            return null;
        var contentType = RequestBody.ContentType(context.Request.ContentType);
        var body = await authorized.ReadBodyAsync(ResultLimits.BodyBytes);
        return body.Length == 0 ? null : new(body, contentType);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, MessagePath path)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, path);
        var precondition = Preconditions.Parse(context.Request);
        var detail = parameters.MessageDetail(Detail.None);
        var policy = precondition.NamesReceipt ? OperationPolicy.FinishMessage
            : detail == Detail.None ? OperationPolicy.DeleteMessages
            : OperationPolicy.TakeMessages;
        await authorized.AdmitAsync(policy);
        var message = await queues.DeleteAsync(path.Queue, path.Id, precondition, detail, context.Aborted) ?? throw NotFound();
        return MessageJson.One(message, detail);
    }

    private static async Task<(AuthorizedRequest Authorized, QueryParameters Parameters)> AuthorizeAsync(
        RequestContext context, MessagePath path, bool mayHaveOutcome = false)
    {
        var parameters = new QueryParameters(context.Request);
        var authorized = await context.AuthorizeAsync(RequestTarget.OfMessages(path.Queue, path.Id, parameters, NotFound()));
        if (mayHaveOutcome)
            parameters.CheckAllWithOutcome(isWhole: parameters.IsDone || !QueryParameters.IsForm(context.Request));
        else
            parameters.CheckAll();
        return (authorized, parameters);
    }

    private async Task RequireStorageAsync(
        AuthorizedRequest authorized, MessagePath path, int bytes, ProducerNumber? number, CancellationToken cancellationToken)
    {
        try
        {
            await authorized.RequireStorageAsync(path.Queue, 1, bytes);
        }
        catch (QuotaExceededException)
        {
            // A numbered put that was stored before is a duplicate, also where there is no room any more.
            if (await authorized.MayReplaceAsync(path.Queue, path.Id, bytes) != true
                && !await queues.Producers.IsStoredAsync(path.Queue, number, cancellationToken))
            {
                throw;
            }
        }
    }

    private static NotFoundException NotFound() => new("No such account, queue or message.");

    private sealed record MessagePath(QueueAddress Queue, MessageId Id);
}
