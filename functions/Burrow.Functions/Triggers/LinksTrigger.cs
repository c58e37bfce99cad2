using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/links/{account}</c>.</summary>
public sealed class LinksTrigger(LinksEndpoint endpoint)
{
    /// <inheritdoc cref="LinksEndpoint.ServeAsync"/>
    [Function("Links")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = LinksEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}
