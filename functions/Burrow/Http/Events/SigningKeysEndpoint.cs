using Burrow.Events;
using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Events;

/// <summary>
/// <c>/.well-known/jwks.json</c>: the public keys of the signatures of events (RFC 7517). There are none where events are off.
/// </summary>
public sealed class SigningKeysEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = ".well-known/jwks.json";

    private readonly Responder responder;
    private readonly EventGridIntegration eventGrid;
    private readonly Resource resource;

    internal SigningKeysEndpoint(Responder responder, EventGridIntegration eventGrid)
    {
        (this.responder, this.eventGrid) = (responder, eventGrid);
        resource = new Resource<ResourcePath>(Route, path => path) { Get = GetAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>GET shows the keys.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private Task<Answer> GetAsync(RequestContext context, ResourcePath path) => Task.FromResult(Answer.OfJson(200, json =>
    {
        if (eventGrid.Signer is { } signer)
        {
            signer.WriteKeys(json);
            return;
        }

        json.WriteStartObject();
        json.WriteStartArray("keys");
        json.WriteEndArray();
        json.WriteEndObject();
    }));
}
