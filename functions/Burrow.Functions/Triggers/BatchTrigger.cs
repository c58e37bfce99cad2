using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/batch/{account}/{queue}</c>.</summary>
public sealed class BatchTrigger(BatchEndpoint endpoint)
{
    /// <inheritdoc cref="BatchEndpoint.ServeAsync"/>
    [Function("Batch")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = BatchEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}
