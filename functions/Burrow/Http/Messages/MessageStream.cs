using System.Buffers;
using System.Text;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Burrow.Http.Messages;

/// <summary>
/// A list that goes on: server-sent events (HTML Standard, section 9.2), one for each message, in the order of the queue. It counts as a
/// request that waits. It holds no turn while it waits or while its client reads. It is charged for each message.
/// </summary>
internal sealed class MessageStream(
    QueueEngine queues, QueueAddress queue, AuthorizedRequest authorized, MessageSelection selection, TimeProvider time, TimeSpan maxTime)
{
    /// <summary>The media type.</summary>
    public const string MediaType = "text/event-stream";

    /// <summary>The header in which a client that comes back says what it has seen.</summary>
    private const string LastEventId = "Last-Event-ID";

    /// <summary>How many messages are read at a time.</summary>
    public const int PageSize = 100;

    /// <summary>About how many bytes are sent at a time.</summary>
    private const int SliceBytes = 64 * 1024;

    /// <summary>How often a comment shows that the connection is alive.</summary>
    private static readonly TimeSpan CommentInterval = TimeSpan.FromSeconds(15);

    /// <summary>Tells a browser to come back a second after the stream ends.</summary>
    private static readonly byte[] Beginning = "retry: 1000\n\n"u8.ToArray();

    private static readonly byte[] Comment = ":\n\n"u8.ToArray();

    /// <summary>Whether a request asks for a stream.</summary>
    public static bool IsAskedFor(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && request.Headers.Accept.Count > 0
        && MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(one => one.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase) && one.Quality is not 0);

    /// <summary>The place after which a client that comes back goes on; null: it comes for the first time.</summary>
    /// <exception cref="InvalidRequestException">It is no cursor.</exception>
    public static Sequence? PlaceOf(HttpRequest request) => request.Headers[LastEventId].ToString() is { Length: > 0 } last
        ? Sequence.TryParse(last) ?? throw new InvalidRequestException(LastEventId, $"{LastEventId} is the id of an event of this stream.")
        : null;

    /// <summary>Writes events until the time is up, the client has gone, or the process is about to stop.</summary>
    public async Task WriteAsync(HttpResponse response, RequestContext context)
    {
        await SendAsync(response, context, Beginning);
        try
        {
            await WriteMessagesAsync(response, context);
        }
        catch (Exception e) when (e is BurrowException or TableUnavailableException)
        {
            // The answer has begun, so it can't say why it ends. The client comes back, and is told then.
        }
        catch (OperationCanceledException) when (response.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // The client has gone. So ends every stream that a client does not want any more.
        }
    }

    private async Task WriteMessagesAsync(HttpResponse response, RequestContext context)
    {
        var begun = time.GetTimestamp();
        var page = selection;
        while (maxTime - time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
        {
            while (!await authorized.ResumeAsync())
                await Task.Delay(TimeSpan.FromSeconds(1), time, context.Aborted);
            var (wait, asked) = (left < CommentInterval ? left : CommentInterval, time.GetTimestamp());
            var list = await queues.ListAsync(queue, page, authorized.WaitFor(wait), context.Aborted);
            authorized.LeaveTurn();
            if (list.Count == 0)
            {
                // The wait was ended: the process is about to stop.
                if (time.GetElapsedTime(asked) < wait)
                    return;
                await SendAsync(response, context, Comment);
            }
            else
            {
                await SendAsync(response, context, list.Messages);
                authorized.Charge(list.Count);
                page = page with { After = list.Last, Marker = null };
            }

            context.EndTransfer();
            authorized.Pause();
        }
    }

    private static async Task SendAsync(HttpResponse response, RequestContext context, IReadOnlyList<Message> messages)
    {
        for (var next = 0; next < messages.Count;)
        {
            using var events = new ByteBuffer(512);
            for (; next < messages.Count && events.Length < SliceBytes; next++)
            {
                events.Write(Encoding.ASCII.GetBytes($"id: {messages[next].Sequence}\nevent: message\ndata: "));
                JsonText.Write(events, json => MessageJson.Write(json, messages[next], Detail.Full));
                events.Write("\n\n"u8);
            }

            await context.ReserveAsync(events.Length);
            foreach (var part in events.Written)
                await SendAsync(response, context, part);
            context.Sent(events.Length);
        }
    }

    private static async Task SendAsync(HttpResponse response, RequestContext context, ReadOnlyMemory<byte> bytes)
    {
        var writing = response.Body.WriteAsync(bytes, context.Aborted);
        if (!writing.IsCompleted)
            context.BeginTransfer(isAnswer: true);
        await writing;
        await response.Body.FlushAsync(context.Aborted);
        context.Transferred(bytes.Length);
    }
}
