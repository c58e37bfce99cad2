using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/</c>. The host's own page must be off (AzureWebJobsDisableHomepage).</summary>
public sealed class VersionsTrigger(VersionsEndpoint versions)
{
    private const string Route = "{ignored:maxlength(0)?}";

    /// <inheritdoc cref="VersionsEndpoint.GetAsync"/>
    [Function(nameof(VersionsTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        versions.GetAsync(request);

    /// <inheritdoc cref="VersionsEndpoint.RefuseAsync"/>
    [Function(nameof(VersionsTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        versions.RefuseAsync(request);
}
