using Burrow.Access;
using Burrow.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Burrow.Http.Pipeline;

/// <summary>Serves every request: the one place where an exception becomes an answer.</summary>
public sealed partial class Responder
{
    /// <summary>404, or 400 for a dot segment.</summary>
    private static readonly UnroutedResource Missing = new(context =>
    {
        ResourcePath.Read(context.Request);
        throw ResourcePath.NotFound();
    });

    private readonly Authenticator authenticator;
    private readonly Quotas quotas;
    private readonly Cors cors;
    private readonly RequestWatch watch;
    private readonly ILogger logger;

    internal Responder(Authenticator authenticator, Quotas quotas, Cors cors, RequestWatch watch, ILogger<Responder> logger) =>
        (this.authenticator, this.quotas, this.cors, this.watch, this.logger) = (authenticator, quotas, cors, watch, logger);

    /// <summary>Whether requests cost anything. In the local process that only its own machine reaches, they do not.</summary>
    private bool PayForRows => !authenticator.IsOpen || quotas.Defaults.RequestsPerSecond != QuotasOptions.Unlimited;

    /// <summary>404: for a process that answers every path itself.</summary>
    public Task<IResult> NotFoundAsync(HttpRequest request) => ServeAsync(request, Missing);

    /// <summary>Serves a request to a resource. Never throws.</summary>
    /// <param name="request">The request.</param>
    /// <param name="resource">What it is about.</param>
    /// <param name="waitEnded">Ends a wait for messages when it is cancelled, as if its time were up.</param>
    internal async Task<IResult> ServeAsync(HttpRequest request, Resource resource, CancellationToken waitEnded = default)
    {
        using var span = RequestSpan.Begin(request, resource);
        var context = new RequestContext(request, authenticator, quotas, watch, span) { WaitEnded = waitEnded };
        if (PayForRows)
            RowMeter.Current = new RowMeter(context.CountRows);
        Answer answer;
        try
        {
            // A browser's preflight has no key.
            answer = cors.Apply(request.HttpContext) ? new Answer(StatusCodes.Status200OK) : await resource.ServeAsync(context);
            if (HttpMethods.IsGet(request.Method))
                await ReserveAsync(context, answer);
        }
        catch (Exception e) when (context.Aborted.IsCancellationRequested)
        {
            // The request was ended, or the client is gone.
            answer = Problem.From(context.Failure ?? e) ?? new Answer(StatusCodes.Status499ClientClosedRequest);
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
        context.End(answer.Length);
        return answer.To(context);
    }

    /// <summary>Waits for the memory of an answer that shows something. What was changed is answered in any case.</summary>
    private static async ValueTask ReserveAsync(RequestContext context, Answer answer)
    {
        try
        {
            await context.ReserveAsync(answer.Length);
        }
        catch
        {
            answer.Discard();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Storage does not answer: {Reason}")]
    internal partial void Unavailable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed unexpectedly.")]
    private partial void Failed(Exception exception);
}
