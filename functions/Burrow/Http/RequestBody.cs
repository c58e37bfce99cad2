using Microsoft.AspNetCore.Http;

namespace Burrow.Http;

/// <summary>Reads what a request brings, wholly, before anything is done with it.</summary>
internal static class RequestBody
{
    /// <summary>The body's bytes.</summary>
    /// <exception cref="TooLargeException">More than allowed.</exception>
    /// <exception cref="UnsupportedMediaException">It is encoded.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, int most, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw new UnsupportedMediaException($"Content-Encoding '{encoding}' is not taken; send the body as it is.");
        var transfer = request.Headers.TransferEncoding.ToString();
        if (transfer.Length > 0 && !transfer.Equals("chunked", StringComparison.OrdinalIgnoreCase))
            throw new UnsupportedMediaException($"Transfer-Encoding '{transfer}' is not taken; chunked is.");
        if (request.ContentLength > most)
            throw TooLarge(most);
        try
        {
            return await ReadToEndAsync(request, most, cancellationToken);
        }
        catch (Exception e) when (e is (IOException and not BadHttpRequestException) or InvalidOperationException)
        {
            // Kestrel says so of chunks that make no sense, and of trailers that aren't text.
            throw new BadHttpRequestException("The body could not be read.", e);
        }
    }

    private static async Task<byte[]> ReadToEndAsync(HttpRequest request, int most, CancellationToken cancellationToken)
    {
        if (request.ContentLength is { } length)
        {
            var whole = new byte[length];
            await request.Body.ReadExactlyAsync(whole, cancellationToken);
            return whole;
        }

        using var stream = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (stream.Length + read > most)
                throw TooLarge(most);
            stream.Write(buffer, 0, read);
        }

        return stream.ToArray();
    }

    /// <summary>A message's content type, if the request has one.</summary>
    /// <exception cref="InvalidRequestException">Too long, or not ASCII.</exception>
    public static string? ContentType(string? value, string name = "Content-Type")
    {
        if (string.IsNullOrEmpty(value))
            return null;
        return value.Length <= Limits.ContentTypeLength && value.All(c => c is >= ' ' and <= '~')
            ? value
            : throw new InvalidRequestException(name, $"{name} has at most {Limits.ContentTypeLength} printable ASCII characters.");
    }

    private static TooLargeException TooLarge(int most) => new($"The body is larger than the {most} bytes allowed; nothing was stored.");
}
