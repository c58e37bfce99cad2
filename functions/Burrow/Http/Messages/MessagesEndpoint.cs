using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Queues.Claiming;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0/{account}/{queue}</c>: the messages of a queue.</summary>
public sealed class MessagesEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "v1.0/{account}/{queue}";

    /// <summary>The bytes of a page of rows, and of a row that holds a body. Most are smaller, and a page is not kept.</summary>
    private const int MaxPageBytes = 256 * 1024;

    private const int BytesPerRow = 16 * 1024;
    private const int BytesPerSmallRow = 1024;

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    public MessagesEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, this.queues) = (responder, queues);
        resource = new Resource<QueueAddress>(Route, path => path.Queue) { Get = ListAsync, Post = UpdateAsync, Delete = DeleteAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>
    /// GET lists messages. POST sets their attributes; with <c>hide</c>, that is a claim. DELETE deletes them; with <c>detail</c>, that is
    /// a take.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="waitEnded">Ends a wait for messages when it is cancelled, as if its time were up.</param>
    public Task<IResult> ServeAsync(HttpRequest request, CancellationToken waitEnded) =>
        responder.ServeAsync(request, resource, waitEnded);

    private async Task<Answer> ListAsync(RequestContext context, QueueAddress queue)
    {
        var (authorized, parameters) = await AuthorizeAsync(context, queue);
        var selection = SelectionOf(authorized, parameters, Detail.All);
        await AdmitAsync(authorized, OperationPolicy.ListMessages, selection, isChange: false);
        var list = await queues.ListAsync(queue, selection, authorized.WaitFor(parameters.Wait), context.Aborted);
        return Show(list, selection);
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
        policy, WeightOf(selection, isChange), MemoryOf(selection, readsBodies: isChange || selection.Detail.ShowsBody));

    private static Answer Show(MessageList list, MessageSelection selection) =>
        list.Count == 0 ? throw Missing() : MessageJson.List(list, selection.Detail);

    private static NotFoundException Missing() => new("No such account or queue, or no message of it matches.");

    /// <summary>
    /// The weight: the MiB that the answer may have, at most 16, or as much for the rows that a request may go through. A change without
    /// a limit, or with a limit over what a group claims, goes through the whole queue.
    /// </summary>
    private static int WeightOf(MessageSelection selection, bool isChange)
    {
        const int maxWeight = (int)(QueueLimits.AnswerBytes / QueueLimits.BodyBytes);
        if (isChange && (selection.Limit is null or > ClaimGroup.MaxMessages))
            return Admission.WholeQueue;
        // To match hidden messages, a request goes through all of them.
        if (selection.MatchHidden)
            return maxWeight;
        var messages = Math.Min(selection.Limit ?? QueueLimits.AnswerItems, QueueLimits.AnswerItems);
        return Math.Clamp(selection.Detail.ShowsBody ? messages : messages * maxWeight / QueueLimits.AnswerItems, 1, maxWeight);
    }

    /// <summary>The memory to begin with, for a page of rows. The messages of the answer reserve theirs one by one.</summary>
    private static long MemoryOf(MessageSelection selection, bool readsBodies) => selection.Limit == 1 ? 0 : readsBodies
        ? Math.Min(selection.Limit ?? QueueLimits.AnswerItems, MaxPageBytes / BytesPerRow) * BytesPerRow
        : MaxPageBytes / BytesPerRow * BytesPerSmallRow;
}
