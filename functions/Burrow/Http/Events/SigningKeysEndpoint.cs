using Burrow.Events;
using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Events;

/// <summary><c>/.well-known/jwks.json</c>: the public keys that events are signed with (RFC 7517).</summary>
public sealed class SigningKeysEndpoint
{
    private static readonly Resource Resource = new("/.well-known/jwks.json", "GET", "HEAD");

    private readonly Responder responder;
    private readonly EventGridIntegration eventGrid;

    internal SigningKeysEndpoint(Responder responder, EventGridIntegration eventGrid) => (this.responder, this.eventGrid) = (responder, eventGrid);

    /// <summary>Shows them; none where events aren't signed.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => responder.ServeAsync(request, Resource, () =>
    {
        RequestPath.SigningKeys(request);
        return Answer.OfJson(200, json =>
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
        });
    });

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, RequestPath.SigningKeys, Resource);
}
