using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/v1.0/{account}/{queue}</c>: the messages of a queue.</summary>
public sealed class MessagesEndpoint(Responder responder, QueueEngine queues)
{
    private static readonly Resource Resource = new("/v1.0/{account}/{queue}", "GET", "HEAD", "POST", "DELETE");

    /// <summary>Lists them.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => ServeAsync(
        request,
        Detail.All,
        _ => OperationPolicy.ListMessages,
        (queue, selection, _, wait, aborted) => queues.ListAsync(queue, selection, wait, aborted));

    /// <summary>Sets their attributes; with <c>hide</c>, a claim.</summary>
    public Task<IResult> PostAsync(HttpRequest request) => ServeAsync(
        request,
        Detail.None,
        _ => OperationPolicy.UpdateMessages,
        (queue, selection, parameters, wait, aborted) => queues.UpdateAsync(queue, selection, parameters.Attributes, wait, aborted));

    /// <summary>Deletes them; with <c>detail</c>, a take.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) => ServeAsync(
        request,
        Detail.None,
        detail => detail == Detail.None ? OperationPolicy.DeleteMessages : OperationPolicy.TakeMessages,
        (queue, selection, _, wait, aborted) => queues.TakeAsync(queue, selection, wait, aborted));

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) =>
        responder.RefuseAsync(request, request => RequestPath.Queue(request), Resource);

    private Task<IResult> ServeAsync(
        HttpRequest request,
        Detail absent,
        Func<Detail, OperationPolicy> need,
        Func<QueueAddress, MessageSelection, Parameters, WaitOptions, CancellationToken, Task<MessageList>> serve) =>
        responder.ServeAsync(request, Resource, async serving =>
        {
            var missing = new NotFoundException("No such account or queue, or no message of it matches.");
            var queue = RequestPath.Queue(request);
            var parameters = new Parameters(request);
            await serving.EnterAsync(queue, null, parameters, missing);
            Preconditions.Reject(request);
            var selection = parameters.Messages(absent);
            await serving.BeginAsync(need(selection.Detail), Weight(selection, isChange: absent == Detail.None));
            var list = await serve(queue, selection, parameters, serving.WaitFor(parameters.Wait), serving.Aborted);
            if (absent == Detail.None)
            {
                serving.Charge(list.Count - 1);
                if (HttpMethods.IsDelete(request.Method) || parameters.Attributes.IsClaim)
                    MessageTrace.Received(queue, list.Messages);
            }

            return list.Count == 0 ? throw missing : MessageJson.List(list, selection.Detail);
        });

    /// <summary>A message is a megabyte at most, an answer so many.</summary>
    private static int Weight(MessageSelection selection, bool isChange)
    {
        const int most = (int)(Limits.AnswerBytes / Limits.BodyBytes);
        if (isChange && selection.Limit is null or > Limits.BatchItems)
            return RequestContext.Whole;
        return selection.Detail.ShowsBody ? Math.Min(selection.Limit ?? most, most) : 1;
    }
}
