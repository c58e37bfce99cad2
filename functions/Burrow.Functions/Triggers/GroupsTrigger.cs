using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/groups/{account}/{queue}</c>.</summary>
public sealed class GroupsTrigger(GroupsEndpoint endpoint)
{
    /// <inheritdoc cref="GroupsEndpoint.ServeAsync"/>
    [Function("Groups")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = GroupsEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}
