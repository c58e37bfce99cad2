using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary><c>/</c>: the versions of the protocol.</summary>
public sealed class VersionsEndpoint(Responder responder)
{
    private static readonly Resource Resource = new("/", "GET", "HEAD");

    /// <summary>Exactly <c>["v1.0"]</c>.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => responder.ServeAsync(request, Resource, () =>
    {
        RequestPath.Root(request);
        return new Answer(200, Answer.Json, "[\"v1.0\"]"u8.ToArray());
    });

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, RequestPath.Root, Resource);
}
