using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary><c>/</c>: the versions of the protocol, exactly <c>["v1.0"]</c>.</summary>
public sealed class VersionsEndpoint : IEndpoint
{
    /// <summary>The root. The Functions host keeps an empty route for itself, so this route is a name of zero characters.</summary>
    public const string Route = "{ignored:maxlength(0)?}";

    private static readonly byte[] Versions = "[\"v1.0\"]"u8.ToArray();

    private readonly Responder responder;
    private readonly Resource resource = new Resource<ResourcePath>("", path => path)
    {
        Get = (_, _) => Task.FromResult(new Answer(200, Answer.Json, Versions)),
    };

    /// <param name="responder">Serves the requests.</param>
    public VersionsEndpoint(Responder responder) => this.responder = responder;

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>GET shows the versions.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);
}
