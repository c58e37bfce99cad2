using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/openapi.json</c>.</summary>
public sealed class OpenApiTrigger(OpenApiEndpoint document)
{
    private const string Route = "openapi.json";

    /// <inheritdoc cref="OpenApiEndpoint.GetAsync"/>
    [Function(nameof(OpenApiTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        document.GetAsync(request);

    /// <inheritdoc cref="OpenApiEndpoint.RefuseAsync"/>
    [Function(nameof(OpenApiTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        document.RefuseAsync(request);
}
