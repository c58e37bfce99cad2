using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>Reads the whole body of a request, before any of it is used.</summary>
internal static class RequestBody
{
    private const int FirstRead = 16 * 1024;
    private const int MaxAtFirst = 128 * 1024;

    /// <summary>The body, in memory that the caller returns.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxBytes">Bytes allowed.</param>
    /// <param name="received">Counts the received bytes, also where the body is refused.</param>
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
        // One byte more than is to come: the last read, which finds the end, needs room too. At first, no more than is likely to come at
        // once: a client can announce any length at no cost.
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
            // Kestrel throws these for malformed chunks, and for trailers that are not text.
            if (e is (IOException and not BadHttpRequestException) or InvalidOperationException)
                throw new BadHttpRequestException("The body could not be read.", e);
            throw;
        }
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

    private static TooLargeException TooLarge(int maxBytes) =>
        new($"The body is larger than the {maxBytes} bytes allowed; nothing was stored.");
}
