using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/readers/{account}/{queue}/{name}</c>.</summary>
public sealed class ReaderTrigger(ReadersEndpoint endpoint)
{
    /// <inheritdoc cref="ReadersEndpoint.ServeAsync"/>
    [Function("Reader")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = ReadersEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}
