using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0/{account}/{queue}</c>: the messages of a queue.</summary>
public sealed class MessagesEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "v1.0/{account}/{queue}";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly TimeProvider time;
    private readonly QueueOptions options;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Holds the longest wait.</param>
    public MessagesEndpoint(Responder responder, QueueEngine queues, TimeProvider time, IOptions<QueueOptions> options)
    {
        (this.responder, this.queues, this.time, this.options) = (responder, queues, time, options.Value);
        resource = new Resource<QueueAddress>(Route, path => path.Queue) { Get = ListAsync, Post = UpdateAsync, Delete = DeleteAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>
    /// GET lists messages, or streams them as server-sent events. POST sets their attributes; with <c>hide</c>, that is a claim. DELETE
    /// deletes them; with <c>detail</c>, that is a take.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="waitEnded">Ends a wait for messages when it is cancelled, as if its time were up.</param>
    public Task<IResult> ServeAsync(HttpRequest request, CancellationToken waitEnded) =>
        responder.ServeAsync(request, resource, waitEnded);

    private async Task<Answer> ListAsync(RequestContext context, QueueAddress queue)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, queue);
        var selection = SelectionOf(authorized, parameters, Detail.All);
        if (MessageStream.IsAskedFor(context.Request))
            return await StreamAsync(context, queue, authorized, parameters, selection);
        await AdmitAsync(authorized, OperationPolicy.ListMessages, selection, isChange: false);
        selection = await FromReaderAsync(queue, parameters, selection, context.Aborted);
        var list = await queues.ListAsync(queue, selection, authorized.WaitFor(parameters.Wait), context.Aborted);
        return Show(list, selection);
    }

    private async Task<Answer> StreamAsync(
        RequestContext context,
        QueueAddress queue,
        AuthorizedRequest authorized,
        QueryParameters parameters,
        MessageSelection selection)
    {
        var place = MessageStream.PlaceOf(context.Request);
        selection = selection with { Limit = MessageStream.PageSize, Detail = Detail.Full };
        await AdmitAsync(authorized, OperationPolicy.ListMessages, selection, isChange: false);
        selection = place is { } last
            ? selection with { After = last, Marker = null }
            : await FromReaderAsync(queue, parameters, selection, context.Aborted);
        var stream = new MessageStream(queues, queue, authorized, selection, time, options.MaxWaitTime);
        return Answer.OfStream(MessageStream.MediaType, stream.WriteAsync);
    }

    /// <summary>The selection, after the cursor of the reader that the request names.</summary>
    private async Task<MessageSelection> FromReaderAsync(
        QueueAddress queue, QueryParameters parameters, MessageSelection selection, CancellationToken cancellationToken)
    {
        if (parameters.Reader is not { } name)
            return selection;
        var reader = await queues.Readers.GetAsync(queue, name, cancellationToken)
            ?? throw new InvalidRequestException("reader", $"There is no reader '{name}' of this queue; put it first.");
        return selection with { After = reader.After };
    }

    private async Task<Answer> UpdateAsync(RequestContext context, QueueAddress queue)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, queue);
        authorized.Require(OperationPolicy.UpdateMessages);
        await authorized.ReadFormAsync(parameters);
        var selection = SelectionOf(authorized, parameters, Detail.None);
        await AdmitAsync(authorized, OperationPolicy.UpdateMessages, selection, isChange: true);
        var (wait, attributes) = (authorized.WaitFor(parameters.Wait), parameters.Attributes);
        var list = await queues.UpdateAsync(queue, selection, attributes, wait, context.Aborted);
        authorized.Charge(list.Count - 1);
        if (attributes.IsClaim)
            MessageTrace.Received(queue, list.Messages);
        return Show(list, selection);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, QueueAddress queue)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, queue);
        var selection = SelectionOf(authorized, parameters, Detail.None);
        var policy = selection.Detail == Detail.None ? OperationPolicy.DeleteMessages : OperationPolicy.TakeMessages;
        await AdmitAsync(authorized, policy, selection, isChange: true);
        var list = await queues.TakeAsync(queue, selection, authorized.WaitFor(parameters.Wait), context.Aborted);
        authorized.Charge(list.Count - 1);
        MessageTrace.Received(queue, list.Messages);
        return Show(list, selection);
    }

    private static async Task<(AuthorizedRequest Authorized, QueryParameters Parameters)> AuthorizeAsync(
        RequestContext context, QueueAddress queue)
    {
        var parameters = new QueryParameters(context.Request);
        return (await context.AuthorizeAsync(RequestTarget.OfMessages(queue, null, parameters, Missing())), parameters);
    }

    private static MessageSelection SelectionOf(AuthorizedRequest authorized, QueryParameters parameters, Detail absent)
    {
        parameters.CheckAll();
        return parameters.Messages(absent) with { Memory = authorized.Memory };
    }

    private static Task AdmitAsync(
        AuthorizedRequest authorized, OperationPolicy policy, MessageSelection selection, bool isChange) => authorized.AdmitAsync(
        policy, SelectionCost.WeightOf(selection, isChange), SelectionCost.MemoryOf(selection, isChange));

    private static Answer Show(MessageList list, MessageSelection selection) =>
        list.IsPaused ? throw new PausedException()
        : list.Count == 0 ? throw Missing()
        : MessageJson.List(list, selection.Detail);

    private static NotFoundException Missing() => new("No such account or queue, or no message of it matches.");
}
