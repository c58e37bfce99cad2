using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/openapi.json</c>.</summary>
public sealed class OpenApiTrigger(OpenApiEndpoint endpoint)
{
    /// <inheritdoc cref="OpenApiEndpoint.ServeAsync"/>
    [Function("OpenApi")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = OpenApiEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}
