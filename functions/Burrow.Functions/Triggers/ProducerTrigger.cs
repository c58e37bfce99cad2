using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/producers/{account}/{queue}/{name}</c>.</summary>
public sealed class ProducerTrigger(ProducersEndpoint endpoint)
{
    /// <inheritdoc cref="ProducersEndpoint.ServeAsync"/>
    [Function("Producer")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = ProducersEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}
