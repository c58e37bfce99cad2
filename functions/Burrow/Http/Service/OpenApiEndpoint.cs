using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary><c>/openapi.json</c>: the whole HTTP surface, for tools (OpenAPI 3.1).</summary>
public sealed class OpenApiEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "openapi.json";

    private static readonly byte[] Document = Read();

    private readonly Responder responder;
    private readonly Resource resource = new Resource<ResourcePath>(Route, path => path)
    {
        Get = (_, _) => Task.FromResult(new Answer(200, Answer.Json, Document)),
    };

    /// <param name="responder">Serves the requests.</param>
    public OpenApiEndpoint(Responder responder) => this.responder = responder;

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>GET shows the document.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private static byte[] Read()
    {
        using var stream = typeof(OpenApiEndpoint).Assembly.GetManifestResourceStream("openapi.json")!;
        var document = new byte[stream.Length];
        stream.ReadExactly(document);
        return document;
    }
}
