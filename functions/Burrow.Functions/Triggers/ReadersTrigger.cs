using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/readers/{account}/{queue}</c>.</summary>
public sealed class ReadersTrigger(ReadersEndpoint endpoint)
{
    /// <inheritdoc cref="ReadersEndpoint.ServeListAsync"/>
    [Function("Readers")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = ReadersEndpoint.ListRoute)]
        HttpRequest request) => endpoint.ServeListAsync(request);
}
