using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>Reads what a request brings, wholly, before anything is done with it.</summary>
internal static class RequestBody
{
    private const int FirstRead = 16 * 1024;
    private const int MaxAtFirst = 128 * 1024;

    /// <summary>The body, in memory that the caller gives back.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxBytes">Bytes allowed.</param>
    /// <param name="received">Counts the bytes that came, also where the body is refused.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="TooLargeException">The body is larger than allowed.</exception>
    /// <exception cref="UnsupportedMediaException">The body is encoded.</exception>
    /// <exception cref="BadHttpRequestException">The body could not be read.</exception>
    public static async Task<ArrayPoolBufferWriter<byte>> BorrowAsync(
        HttpRequest request, int maxBytes, Action<int> received, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw new UnsupportedMediaException($"Content-Encoding '{encoding}' is not taken; send the body as it is.");
        var transfer = request.Headers.TransferEncoding.ToString();
        if (transfer.Length > 0 && !transfer.Equals("chunked", StringComparison.OrdinalIgnoreCase))
            throw new UnsupportedMediaException($"Transfer-Encoding '{transfer}' is not taken; chunked is.");
        if (request.ContentLength > maxBytes)
            throw TooLarge(maxBytes);
        // One more than is to come: that it ended shows when there is nothing to fill it with. And no more at first than is
        // likely to come at once: to say how long it will be costs whoever sends it nothing.
        var buffer = new ArrayPoolBufferWriter<byte>((int)Math.Min(request.ContentLength ?? FirstRead, MaxAtFirst) + 1);
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(buffer.GetMemory(), cancellationToken)) > 0)
            {
                buffer.Advance(read);
                received(read);
                if (buffer.WrittenCount > maxBytes)
                    throw TooLarge(maxBytes);
            }

            return buffer;
        }
        catch (Exception e)
        {
            buffer.Dispose();
            // Kestrel says so of chunks that make no sense, and of trailers that aren't text.
            if (e is (IOException and not BadHttpRequestException) or InvalidOperationException)
                throw new BadHttpRequestException("The body could not be read.", e);
            throw;
        }
    }

    /// <summary>A message's content type, if the request has one.</summary>
    /// <exception cref="InvalidRequestException">Too long, or not ASCII.</exception>
    public static string? ContentType(string? value, string name = "Content-Type")
    {
        if (string.IsNullOrEmpty(value))
            return null;
        return value.Length <= HttpLimits.ContentTypeLength && value.All(c => c is >= ' ' and <= '~')
            ? value
            : throw new InvalidRequestException(name, $"{name} has at most {HttpLimits.ContentTypeLength} printable ASCII characters.");
    }

    private static TooLargeException TooLarge(int maxBytes) =>
        new($"The body is larger than the {maxBytes} bytes allowed; nothing was stored.");
}
