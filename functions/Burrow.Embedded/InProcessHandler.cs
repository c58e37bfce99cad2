using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Burrow.Embedded;

/// <summary>
/// Sends the client's requests to the HTTP surface of this process, without a socket: each request is served by the code that serves it
/// everywhere, so it has the same meaning and the same errors.
/// </summary>
internal sealed class InProcessHandler : HttpMessageHandler
{
    private readonly Responder responder;
    private readonly Dictionary<(string First, int Segments), Resource> resources;
    private readonly IServiceProvider services;
    private volatile bool isDisposed;

    public InProcessHandler(Responder responder, IEnumerable<IEndpoint> endpoints, IServiceProvider services)
    {
        (this.responder, this.services) = (responder, services);
        resources = endpoints.SelectMany(endpoint => endpoint.Resources).ToDictionary(resource => KeyOf(resource.Route));
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (isDisposed)
            throw new HttpRequestException(HttpRequestError.ConnectionError, "The embedded Burrow has stopped.", new SocketException());
        var isStream = request.Headers.Accept.Any(accept => accept.MediaType == "text/event-stream");
        // A stream goes on behind its request, until the client disposes it.
        var ended = isStream ? new CancellationTokenSource() : null;
        // Until its head stands, it ends with the request.
        await using var ending = (ended is null ? default : cancellationToken.Register(ended.Cancel)).ConfigureAwait(false);
        var context = await NewContextAsync(request, ended?.Token ?? cancellationToken, cancellationToken).ConfigureAwait(false);
        var result = resources.TryGetValue(KeyOf(context.Request.Path.Value!), out var resource)
            ? await responder.ServeAsync(context.Request, resource).ConfigureAwait(false)
            : await responder.NotFoundAsync(context.Request).ConfigureAwait(false);
        var response = new HttpResponseMessage { RequestMessage = request };
        if (ended is not null)
            await StreamAsync(context, result, response, ended, cancellationToken).ConfigureAwait(false);
        else
            await ReadAsync(context, result, response).ConfigureAwait(false);
        // The engine saw that the client has gone. The client sees why.
        if ((int)response.StatusCode == StatusCodes.Status499ClientClosedRequest)
            cancellationToken.ThrowIfCancellationRequested();
        return response;
    }

    protected override void Dispose(bool disposing)
    {
        isDisposed = true;
        base.Dispose(disposing);
    }

    /// <summary>The first segment of a path, and how many there are: these name the resource.</summary>
    private static (string First, int Segments) KeyOf(string path)
    {
        var second = path.IndexOf('/', 1);
        return (second < 0 ? path : path[..second], path.AsSpan().Count('/'));
    }

    private async Task<HttpContext> NewContextAsync(
        HttpRequestMessage message, CancellationToken aborted, CancellationToken cancellationToken)
    {
        var context = new DefaultHttpContext { RequestServices = services, RequestAborted = aborted };
        var (request, uri) = (context.Request, message.RequestUri!);
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = uri.PathAndQuery;
        request.Method = message.Method.Method;
        request.Scheme = uri.Scheme;
        request.Host = new(uri.Authority);
        request.Path = PathString.FromUriComponent(uri);
        request.QueryString = new(uri.Query);
        foreach (var (name, values) in message.Headers.NonValidated)
            request.Headers[name] = values.Count == 1 ? values.ToString() : new StringValues([.. values]);
        if (System.Diagnostics.Activity.Current is { IdFormat: System.Diagnostics.ActivityIdFormat.W3C, Id: { } id })
            request.Headers.TraceParent = id;
        if (message.Content is { } content)
        {
            var body = await content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            foreach (var (name, values) in content.Headers.NonValidated)
                request.Headers[name] = values.ToString();
            request.ContentLength = body.Length;
            request.Body = new MemoryStream(body, writable: false);
        }

        context.Features.Set<IHttpRequestBodyDetectionFeature>(request.ContentLength > 0 ? Body.Is : Body.IsNot);

        return context;
    }

    /// <summary>Reads an answer whole.</summary>
    private static async Task ReadAsync(HttpContext context, IResult result, HttpResponseMessage response)
    {
        var body = new MemoryStream();
        context.Response.Body = body;
        await result.ExecuteAsync(context).ConfigureAwait(false);
        response.Content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        CopyHead(context.Response, response);
    }

    /// <summary>Begins to read an answer that goes on. It ends when the client disposes it.</summary>
    private static async Task StreamAsync(
        HttpContext context,
        IResult result,
        HttpResponseMessage response,
        CancellationTokenSource ended,
        CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        context.Response.Body = pipe.Writer.AsStream();
        _ = WriteAsync();
        ReadResult first;
        try
        {
            // With its first bytes, the head of the answer stands.
            first = await pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            throw;
        }

        pipe.Reader.AdvanceTo(first.Buffer.Start);
        response.Content = new GoingOn(pipe.Reader.AsStream(), ended);
        CopyHead(context.Response, response);

        async Task WriteAsync()
        {
            Exception? error = null;
            try
            {
                await result.ExecuteAsync(context).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                error = e;
            }

            await pipe.Writer.CompleteAsync(error).ConfigureAwait(false);
        }
    }

    private static void CopyHead(HttpResponse from, HttpResponseMessage to)
    {
        to.StatusCode = (HttpStatusCode)from.StatusCode;
        foreach (var (name, value) in from.Headers)
        {
            if (!to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value))
                to.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
        }
    }

    /// <summary>Tells whether a request has a body.</summary>
    private sealed class Body(bool isThere) : IHttpRequestBodyDetectionFeature
    {
        public static readonly Body Is = new(true);
        public static readonly Body IsNot = new(false);

        public bool CanHaveBody => isThere;
    }

    /// <summary>An answer that goes on until it is disposed.</summary>
    private sealed class GoingOn(Stream stream, CancellationTokenSource ended) : StreamContent(stream)
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
                ended.Cancel();
            base.Dispose(disposing);
        }
    }
}
