using System.Buffers;
using System.IO.Pipelines;
using Burrow.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Burrow.Http.Pipeline;

/// <summary>Reads the whole body of a request, before any of it is used.</summary>
internal static class RequestBody
{
    private const int FirstRead = 16 * 1024;

    /// <summary>A body, the copy that is kept of it, and the space that it grows into.</summary>
    private const int BytesPerBodyByte = 3;

    /// <summary>The body, in memory that the caller returns.</summary>
    /// <param name="context">The request. It counts the received bytes, also where the body is refused.</param>
    /// <param name="memory">The memory of the request. It is reserved as the body arrives.</param>
    /// <param name="maxBytes">Bytes allowed.</param>
    /// <exception cref="TooLargeException">The body is larger than allowed.</exception>
    /// <exception cref="UnsupportedMediaException">The body is encoded.</exception>
    /// <exception cref="BadHttpRequestException">The body could not be read.</exception>
    /// <exception cref="UnavailableException">The process has no memory for the body.</exception>
    public static async Task<ByteBuffer> BorrowAsync(RequestContext context, RequestMemory memory, int maxBytes)
    {
        CheckEncoding(context.Request);
        var length = (int)Math.Min(context.Request.ContentLength ?? maxBytes, maxBytes);
        var buffer = await BorrowAsync(
            context.Request,
            maxBytes,
            received =>
            {
                context.Received(received.Last);
                // A small body that is here at once is not weighed.
                return received.All == length && length <= FirstRead
                    ? default
                    : memory.ReserveAsync(ReservationFor(received.All, length), context.Aborted);
            },
            () => context.BeginTransfer(isAnswer: false),
            context.Aborted);
        context.EndTransfer();
        return buffer;
    }

    /// <summary>The body of a request that counts for no account.</summary>
    /// <inheritdoc cref="BorrowAsync(RequestContext, RequestMemory, int)"/>
    public static Task<ByteBuffer> BorrowAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        CheckEncoding(request);
        return BorrowAsync(request, maxBytes, _ => default, () => { }, cancellationToken);
    }

    /// <summary>Whether the request may have a body.</summary>
    public static bool IsThere(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };

    /// <summary>The bytes of the body that are to come: as many as may come, where the client does not announce them.</summary>
    public static long BytesOf(HttpRequest request) => request.ContentLength ?? (IsThere(request) ? HttpLimits.BatchBytes : 0);

    /// <summary>
    /// Reads a body that has no meaning, and forgets it. Behind an unread body, the server would not notice that the client of a waiting
    /// request is gone.
    /// </summary>
    /// <exception cref="InvalidRequestException">The body is too large to be read for nothing.</exception>
    /// <exception cref="BadHttpRequestException">The body could not be read.</exception>
    public static async Task SkipAsync(RequestContext context)
    {
        var tooLarge = new InvalidRequestException(
            "body", $"This request takes no body; one of up to {HttpLimits.SkippedBytes} bytes is ignored.");
        if (context.Request.ContentLength > HttpLimits.SkippedBytes)
            throw tooLarge;
        var skipped = 0L;
        await ReadAsync(
            context.Request,
            data =>
            {
                context.Received((int)data.Length);
                return (skipped += data.Length) > HttpLimits.SkippedBytes ? throw tooLarge : default;
            },
            () => context.BeginTransfer(isAnswer: false),
            context.Aborted);
        context.EndTransfer();
    }

    /// <summary>Refuses a part of a body: a PUT replaces the whole (RFC 9110, section 14.5).</summary>
    /// <exception cref="InvalidRequestException">The request has the header <c>Content-Range</c>.</exception>
    public static void RequireWhole(HttpRequest request)
    {
        if (request.Headers.ContentRange.Count > 0)
            throw new InvalidRequestException("Content-Range", "Content-Range is not taken: a PUT has the whole body.");
    }

    /// <summary>A message's content type, if the request has one.</summary>
    /// <exception cref="InvalidRequestException">The content type is too long, or not printable ASCII.</exception>
    public static string? ContentType(string? value, string name = "Content-Type")
    {
        if (string.IsNullOrEmpty(value))
            return null;
        return value.Length <= HttpLimits.ContentTypeLength && value.All(c => c is >= ' ' and <= '~')
            ? value
            : throw new InvalidRequestException(name, $"{name} has at most {HttpLimits.ContentTypeLength} printable ASCII characters.");
    }

    private static async Task<ByteBuffer> BorrowAsync(
        HttpRequest request,
        int maxBytes,
        Func<(int Last, int All), ValueTask> receive,
        Action waits,
        CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
            throw TooLarge(maxBytes);
        var length = (int)(request.ContentLength ?? maxBytes);
        // At first, no more than is likely to come at once: a client can announce any length at no cost.
        var buffer = new ByteBuffer(Math.Clamp(length, 1, FirstRead));
        try
        {
            await ReadAsync(
                request,
                data =>
                {
                    if (buffer.Length + data.Length > maxBytes)
                        throw TooLarge(maxBytes);
                    foreach (var part in data)
                        buffer.Write(part.Span);
                    return receive(((int)data.Length, buffer.Length));
                },
                waits,
                cancellationToken);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private static async Task ReadAsync(
        HttpRequest request, Func<ReadOnlySequence<byte>, ValueTask> take, Action waits, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        CancellationTokenRegistration cancellation = default;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var reading = reader.ReadAsync(CancellationToken.None);
                if (!reading.IsCompleted && cancellation == default)
                {
                    waits();
                    // A read that is cancelled by its token would still be under way for the server when the answer is sent.
                    cancellation = cancellationToken.UnsafeRegister(static pipe => ((PipeReader)pipe!).CancelPendingRead(), reader);
                }

                var result = await reading;
                if (result.IsCanceled)
                {
                    reader.AdvanceTo(result.Buffer.Start);
                    continue;
                }

                ValueTask taking;
                try
                {
                    taking = take(result.Buffer);
                }
                finally
                {
                    reader.AdvanceTo(result.Buffer.End);
                }

                await taking;
                if (result.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is (IOException and not BadHttpRequestException) or InvalidOperationException)
        {
            // Kestrel throws these for malformed chunks, and for trailers that are not text.
            throw new BadHttpRequestException("The body could not be read.", e);
        }
        finally
        {
            await cancellation.DisposeAsync();
        }
    }

    private static void CheckEncoding(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw new UnsupportedMediaException(
                $"Content-Encoding '{encoding}' is not taken; send the body as it is.", acceptEncoding: "identity");
        }

        var transfer = request.Headers.TransferEncoding.ToString();
        if (transfer.Length > 0 && !transfer.Equals("chunked", StringComparison.OrdinalIgnoreCase))
            throw new UnsupportedMediaException($"Transfer-Encoding '{transfer}' is not taken; chunked is.");
    }

    /// <summary>
    /// The memory for a body of which some has arrived. Where that is much, memory is reserved for all at once: bodies that grow side by
    /// side would use up the memory before one of them is complete.
    /// </summary>
    private static long ReservationFor(int received, int length)
    {
        var next = Math.Max(FirstRead, 2L * received) * BytesPerBodyByte;
        return Math.Min(next > MemoryBudget.SmallBytes ? long.MaxValue : next, (long)length * BytesPerBodyByte);
    }

    private static TooLargeException TooLarge(int maxBytes) =>
        new($"The body is larger than the {maxBytes} bytes allowed; nothing was stored.");
}
