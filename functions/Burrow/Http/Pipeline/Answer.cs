using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>
/// One answer, with all that the protocol requires in every answer: its length, because v1.0 clients read that before anything
/// else, and the headers that keep a browser from showing a tenant's body as a page, or as a part of a page of another origin.
/// </summary>
internal sealed class Answer(int status, string? contentType = null, ReadOnlySequence<byte> body = default) : IResult
{
    public const string Json = "application/json";
    public const string Bytes = "application/octet-stream";

    private const int Slice = 64 * 1024;

    private readonly List<(string Name, string Value)> headers = [];

    private ByteBuffer? borrowed;
    private RequestContext? request;
    private Func<HttpResponse, RequestContext, Task>? stream;

    /// <summary>An answer whose body is an array.</summary>
    public Answer(int status, string? contentType, byte[] body)
        : this(status, contentType, new ReadOnlySequence<byte>(body))
    {
    }

    /// <summary>An answer in JSON. Its memory is returned after it is sent.</summary>
    public static Answer OfJson(int status, Action<Utf8JsonWriter> write, string contentType = Json)
    {
        var json = JsonText.Write(write);
        return new(status, contentType, json.Written) { borrowed = json };
    }

    /// <summary>An answer whose body is written while the client reads it. It alone has no length.</summary>
    /// <param name="contentType">The type of the body.</param>
    /// <param name="write">Writes the body. It returns when the body ends.</param>
    public static Answer OfStream(string contentType, Func<HttpResponse, RequestContext, Task> write) =>
        new(StatusCodes.Status200OK, contentType) { stream = write };

    public int Status => status;

    /// <summary>The length of the body, in bytes.</summary>
    public long Length => body.Length;

    /// <summary>An answer that is an array in JSON.</summary>
    public static Answer OfArray<T>(IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write) => OfJson(200, json =>
    {
        json.WriteStartArray();
        foreach (var item in items)
            write(json, item);
        json.WriteEndArray();
    });

    public Answer With(string name, string? value)
    {
        if (value is not null)
            headers.Add((name, value));
        return this;
    }

    /// <summary>An answer 304 in place of this one, with its length and headers (RFC 9110, section 8.6), without its body.</summary>
    public Answer NotModified()
    {
        var answer = new Answer(StatusCodes.Status304NotModified, null, body) { borrowed = borrowed };
        answer.headers.AddRange(headers);
        return answer;
    }

    /// <summary>Keeps the request until its answer is sent or cannot be sent, then disposes it.</summary>
    public Answer To(RequestContext context)
    {
        request = context;
        return this;
    }

    /// <summary>Gives back the memory of an answer that is not sent.</summary>
    public void Discard() => borrowed?.Dispose();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var until = request;
        var response = httpContext.Response;
        response.StatusCode = status;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        foreach (var (name, value) in headers)
            response.Headers[name] = value;
        if (contentType is not null)
            response.ContentType = contentType;
        if (stream is null)
            response.ContentLength = body.Length;
        try
        {
            // The answer to a request that was ended already is sent all the same. The next check ends its connection.
            if (stream is not null)
                await stream(response, request!);
            else if (httpContext.Request.Method != HttpMethods.Head && status != StatusCodes.Status304NotModified)
                await SendAsync(response, request is { Failure: null } ? request.Aborted : httpContext.RequestAborted);
        }
        catch (OperationCanceledException) when (request?.Failure is not null)
        {
            // The answer has begun, so it can't say why it ends here.
            httpContext.Abort();
            return;
        }

        // Only after sending succeeded. If it failed, the server may still read the memory, so the garbage collector frees it.
        borrowed?.Dispose();
    }

    /// <summary>
    /// Writes one slice at a time: what the client does not read is not copied, and the server's minimum rate applies to the client.
    /// </summary>
    private async Task SendAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        for (var rest = body; !rest.IsEmpty;)
        {
            var slice = rest.First[..Math.Min(Slice, rest.First.Length)];
            rest = rest.Slice(slice.Length);
            var writing = response.Body.WriteAsync(slice, cancellationToken);
            if (!writing.IsCompleted)
                request?.BeginTransfer(isAnswer: true);
            await writing;
            request?.Transferred(slice.Length);
        }
    }
}
