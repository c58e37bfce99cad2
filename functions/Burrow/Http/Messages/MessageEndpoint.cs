using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0/{account}/{queue}/{message}</c>: one message, hidden or not.</summary>
public sealed class MessageEndpoint(Responder responder, QueueEngine queues, IOptions<BurrowOptions> options)
{
    private static readonly Resource Resource = new("/v1.0/{account}/{queue}/{message}", "GET", "HEAD", "PUT", "POST", "DELETE");

    /// <summary>Shows it.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => responder.ServeAsync(request, Resource, async serving =>
    {
        var (queue, id) = RequestPath.Message(request);
        var parameters = new Parameters(request);
        await serving.EnterAsync(queue, id, parameters, NotFound());
        await serving.BeginAsync(OperationPolicy.GetMessage);
        var precondition = Preconditions.Parse(request);
        var detail = parameters.MessageDetail(Detail.All);
        var message = await queues.GetAsync(queue, id, detail, serving.Aborted) ?? throw NotFound();
        if (!precondition.MatchHolds(message.Receipt))
            throw new PreconditionFailedException("If-Match: the message has another ETag.");
        var answer = MessageJson.One(message, detail);
        return precondition.NoneMatchHolds(message.Receipt) ? answer : answer.NotModified();
    });

    /// <summary>Puts it: 201 if it is new, 200 if it replaced one.</summary>
    public Task<IResult> PutAsync(HttpRequest request) => responder.ServeAsync(request, Resource, async serving =>
    {
        var (queue, id) = RequestPath.Message(request);
        var parameters = new Parameters(request);
        await serving.EnterAsync(queue, id, parameters, NotFound());
        await serving.BeginAsync(OperationPolicy.PutMessage);
        var precondition = Preconditions.Parse(request);
        var attributes = parameters.Attributes;
        var contentType = RequestBody.ContentType(request.ContentType);
        var body = await serving.ReadBodyAsync(options.Value.MaxBodyBytes);
        await serving.DemandRoomAsync(queue, 1, body.Length);
        var result = await queues.PutAsync(queue, new(id, body, contentType, attributes, precondition) { TraceParent = serving.TraceParent }, serving.Aborted);
        return new Answer(result.Created ? 201 : 200).With("ETag", result.Receipt.ETag);
    });

    /// <summary>Sets its attributes.</summary>
    public Task<IResult> PostAsync(HttpRequest request) => responder.ServeAsync(request, Resource, async serving =>
    {
        var (queue, id) = RequestPath.Message(request);
        var parameters = new Parameters(request);
        await serving.EnterAsync(queue, id, parameters, NotFound());
        await serving.BeginAsync(OperationPolicy.UpdateMessages);
        var precondition = Preconditions.Parse(request);
        var detail = parameters.MessageDetail(Detail.None);
        var message = await queues.UpdateAsync(queue, id, parameters.Attributes, precondition, detail, serving.Aborted) ?? throw NotFound();
        return MessageJson.One(message, detail);
    });

    /// <summary>Deletes it.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) => responder.ServeAsync(request, Resource, async serving =>
    {
        var (queue, id) = RequestPath.Message(request);
        var parameters = new Parameters(request);
        await serving.EnterAsync(queue, id, parameters, NotFound());
        var precondition = Preconditions.Parse(request);
        var detail = parameters.MessageDetail(Detail.None);
        await serving.BeginAsync(precondition.NamesReceipt ? OperationPolicy.FinishMessage : detail == Detail.None ? OperationPolicy.DeleteMessages : OperationPolicy.TakeMessages);
        var message = await queues.DeleteAsync(queue, id, precondition, detail, serving.Aborted) ?? throw NotFound();
        return MessageJson.One(message, detail);
    });

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) =>
        responder.RefuseAsync(request, request => RequestPath.Message(request), Resource);

    private static NotFoundException NotFound() => new("No such account, queue or message.");
}
