using Microsoft.AspNetCore.Http;

namespace Burrow.Http;

/// <summary>
/// One answer, with all that the protocol asks of every answer: its length, as v1.0 clients read that before anything else, and
/// the headers that keep a browser from taking a tenant's body for a page.
/// </summary>
internal sealed class Answer(int status, string? contentType = null, ReadOnlyMemory<byte> body = default) : IResult
{
    public const string Json = "application/json";
    public const string Bytes = "application/octet-stream";

    private readonly List<(string Name, string Value)> headers = [];

    public int Status => status;

    public ReadOnlyMemory<byte> Body => body;

    public Answer With(string name, string? value)
    {
        if (value is not null)
            headers.Add((name, value));
        return this;
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        foreach (var (name, value) in headers)
            response.Headers[name] = value;
        if (contentType is not null)
            response.ContentType = contentType;
        response.ContentLength = body.Length;
        if (body.Length > 0 && !HttpMethods.IsHead(httpContext.Request.Method) && status != StatusCodes.Status304NotModified)
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }
}
