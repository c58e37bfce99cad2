using Burrow.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Burrow.Http;

/// <summary>What serves every request: the one place where exceptions become answers.</summary>
public sealed partial class Responder(ILogger<Responder> logger)
{
    /// <param name="request">The request.</param>
    /// <param name="allow">The methods of the resource. Routers take <c>delete</c> for <c>DELETE</c>; to HTTP it is another method.</param>
    /// <param name="serve">Serves it; its token is cancelled when the client disconnects.</param>
    internal async Task<IResult> ServeAsync(HttpRequest request, string[] allow, Func<CancellationToken, Task<Answer>> serve)
    {
        var aborted = request.HttpContext.RequestAborted;
        try
        {
            if (!allow.Contains(request.Method))
                throw new MethodNotAllowedException(request.Method, allow);
            return await serve(aborted);
        }
        catch (Exception e) when (aborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
            return Problem.From(e) ?? new Answer(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e)
        {
            if (e is TableUnavailableException)
                Unavailable(e.Message);
            if (Problem.From(e) is { } problem)
                return problem;
            Failed(e);
            return Problem.Unexpected();
        }
    }

    internal Task<IResult> ServeAsync(HttpRequest request, string[] allow, Func<Answer> serve) =>
        ServeAsync(request, allow, _ => Task.FromResult(serve()));

    /// <summary>404: for a process that answers all paths itself.</summary>
    public Task<IResult> NotFoundAsync(HttpRequest request) => ServeAsync(request, [request.Method], Answer () =>
    {
        RequestPath.Nowhere(request);
        throw new NotFoundException("There is nothing at this path.");
    });

    /// <summary>405: what <paramref name="path"/> found is there, but doesn't know the method.</summary>
    internal Task<IResult> RefuseAsync(HttpRequest request, Action<HttpRequest> path, string[] allow) => ServeAsync(request, [request.Method], Answer () =>
    {
        path(request);
        throw new MethodNotAllowedException(request.Method, allow);
    });

    [LoggerMessage(Level = LogLevel.Warning, Message = "Storage does not answer: {Reason}")]
    internal partial void Unavailable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed unexpectedly.")]
    private partial void Failed(Exception exception);
}
