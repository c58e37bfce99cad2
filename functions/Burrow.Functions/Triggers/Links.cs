using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/links/{account}</c>.</summary>
public sealed class LinksTrigger(LinksEndpoint links)
{
    private const string Route = "links/{account}";

    /// <inheritdoc cref="LinksEndpoint.PostAsync"/>
    [Function(nameof(LinksTrigger) + nameof(Post))]
    public Task<IResult> Post([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request) =>
        links.PostAsync(request);

    /// <inheritdoc cref="LinksEndpoint.RefuseAsync"/>
    [Function(nameof(LinksTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "put", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        links.RefuseAsync(request);
}
