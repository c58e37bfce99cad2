using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/results/{account}/{queue}/{message}</c>.</summary>
public sealed class ResultTrigger(ResultsEndpoint endpoint)
{
    /// <inheritdoc cref="ResultsEndpoint.ServeAsync"/>
    [Function("Result")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = ResultsEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}
