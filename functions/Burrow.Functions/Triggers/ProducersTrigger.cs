using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/producers/{account}/{queue}</c>.</summary>
public sealed class ProducersTrigger(ProducersEndpoint endpoint)
{
    /// <inheritdoc cref="ProducersEndpoint.ServeListAsync"/>
    [Function("Producers")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = ProducersEndpoint.ListRoute)]
        HttpRequest request) => endpoint.ServeListAsync(request);
}
