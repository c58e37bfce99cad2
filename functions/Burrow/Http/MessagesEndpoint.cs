using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http;

/// <summary><c>/v1.0/{account}/{queue}</c>: the messages of a queue.</summary>
public sealed class MessagesEndpoint(Responder responder, QueueEngine queues)
{
    private static readonly string[] Allow = ["GET", "HEAD", "POST", "DELETE"];

    /// <summary>Lists them.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => ServeAsync(
        request,
        Detail.All,
        (queue, selection, parameters, aborted) => queues.ListAsync(queue, selection, parameters.Wait, aborted));

    /// <summary>Sets their attributes; with <c>hide</c>, a claim.</summary>
    public Task<IResult> PostAsync(HttpRequest request) => ServeAsync(
        request,
        Detail.None,
        (queue, selection, parameters, aborted) => queues.UpdateAsync(queue, selection, parameters.Attributes, parameters.Wait, aborted));

    /// <summary>Deletes them; with <c>detail</c>, a take.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) => ServeAsync(
        request,
        Detail.None,
        (queue, selection, parameters, aborted) => queues.TakeAsync(queue, selection, parameters.Wait, aborted));

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) =>
        responder.RefuseAsync(request, request => RequestPath.Queue(request), Allow);

    private Task<IResult> ServeAsync(
        HttpRequest request, Detail absent, Func<QueueAddress, MessageSelection, Parameters, CancellationToken, Task<MessageList>> serve) =>
        responder.ServeAsync(request, Allow, async aborted =>
        {
            var queue = RequestPath.Queue(request);
            Preconditions.Refuse(request);
            var parameters = new Parameters(request);
            var selection = parameters.Messages(absent);
            var list = await serve(queue, selection, parameters, aborted);
            return list.Count == 0
                ? throw new NotFoundException("No such account or queue, or no message of it matches.")
                : MessageJson.List(list, selection.Detail);
        });
}
