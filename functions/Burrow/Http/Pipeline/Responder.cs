using Burrow.Access;
using Burrow.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Burrow.Http.Pipeline;

/// <summary>What serves every request: the one place where exceptions become answers.</summary>
public sealed partial class Responder
{
    private readonly Authenticator gate;
    private readonly Quotas quotas;
    private readonly Cors cors;
    private readonly ILogger logger;

    internal Responder(Authenticator gate, Quotas quotas, Cors cors, ILogger<Responder> logger) =>
        (this.gate, this.quotas, this.cors, this.logger) = (gate, quotas, cors, logger);

    /// <param name="request">The request.</param>
    /// <param name="resource">What it is about. Routers take <c>delete</c> for <c>DELETE</c>; to HTTP it is another method.</param>
    /// <param name="serve">Serves it.</param>
    internal async Task<IResult> ServeAsync(HttpRequest request, Resource resource, Func<RequestContext, Task<Answer>> serve)
    {
        using var span = RequestSpan.Begin(request, resource);
        var serving = new RequestContext(request, gate, quotas, span);
        Answer answer;
        try
        {
            // What a browser asks before it sends a page's request has no key.
            if (cors.Apply(request.HttpContext))
                answer = new Answer(StatusCodes.Status200OK);
            else if (resource.Methods.Contains(request.Method))
                answer = await serve(serving);
            else
                throw new MethodNotAllowedException(request.Method, resource.Methods);
        }
        catch (Exception e) when (serving.Aborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
            answer = Problem.From(e) ?? new Answer(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e)
        {
            if (e is TableUnavailableException)
                Unavailable(e.Message);
            if (Problem.From(e) is { } problem)
            {
                answer = problem;
            }
            else
            {
                Failed(e);
                answer = Problem.Unexpected();
            }
        }

        span.End(answer.Status);
        return answer.Holding(serving.End(answer.Length));
    }

    internal Task<IResult> ServeAsync(HttpRequest request, Resource resource, Func<Answer> serve) =>
        ServeAsync(request, resource, _ => Task.FromResult(serve()));

    /// <summary>404: for a process that answers all paths itself.</summary>
    public Task<IResult> NotFoundAsync(HttpRequest request) => ServeAsync(request, new("", request.Method), Answer () =>
    {
        RequestPath.Nowhere(request);
        throw new NotFoundException("There is nothing at this path.");
    });

    /// <summary>405: what <paramref name="path"/> found is there, but doesn't know the method.</summary>
    internal Task<IResult> RefuseAsync(HttpRequest request, Action<HttpRequest> path, Resource resource) => ServeAsync(request, resource with { Methods = [request.Method] }, Answer () =>
    {
        path(request);
        throw new MethodNotAllowedException(request.Method, resource.Methods);
    });

    [LoggerMessage(Level = LogLevel.Warning, Message = "Storage does not answer: {Reason}")]
    internal partial void Unavailable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed unexpectedly.")]
    private partial void Failed(Exception exception);
}
