using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Burrow.Http;

/// <summary>What serves every request: the one place where exceptions become answers.</summary>
public sealed partial class Responder(ILogger<Responder> logger)
{
    internal async Task<IResult> ServeAsync(HttpRequest request, Func<CancellationToken, Task<Answer>> serve)
    {
        var aborted = request.HttpContext.RequestAborted;
        try
        {
            return await serve(aborted);
        }
        catch (Exception e) when (aborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
            return Problem.From(e) ?? new Answer(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e)
        {
            if (Problem.From(e) is { } problem)
                return problem;
            Failed(e);
            return Problem.Unexpected();
        }
    }

    internal Task<IResult> ServeAsync(HttpRequest request, Func<Answer> serve) => ServeAsync(request, _ => Task.FromResult(serve()));

    /// <summary>404: for a process that answers all paths itself.</summary>
    public Task<IResult> NotFoundAsync(HttpRequest request) =>
        ServeAsync(request, Answer () => throw new NotFoundException("There is nothing at this path."));

    /// <summary>405: what <paramref name="path"/> found is there, but doesn't know the method.</summary>
    internal Task<IResult> RefuseAsync(HttpRequest request, Action<HttpRequest> path, string allow) => ServeAsync(request, Answer () =>
    {
        path(request);
        throw new MethodNotAllowedException(request.Method, allow);
    });

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed unexpectedly.")]
    private partial void Failed(Exception exception);
}
