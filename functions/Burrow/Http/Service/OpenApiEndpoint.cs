using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary><c>/openapi.json</c>: all of this surface, for tools (OpenAPI 3.1).</summary>
public sealed class OpenApiEndpoint(Responder responder)
{
    private static readonly Resource Resource = new("/openapi.json", "GET", "HEAD");

    private static readonly byte[] Document = Read();

    /// <summary>Shows it.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => responder.ServeAsync(request, Resource, () =>
    {
        RequestPath.OpenApi(request);
        return new Answer(200, Answer.Json, Document);
    });

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, RequestPath.OpenApi, Resource);

    private static byte[] Read()
    {
        using var resource = typeof(OpenApiEndpoint).Assembly.GetManifestResourceStream("openapi.json")!;
        var document = new byte[resource.Length];
        resource.ReadExactly(document);
        return document;
    }
}
