namespace Burrow.Http.Pipeline;

/// <summary>
/// A resource of the HTTP surface: the one place that knows its path and its methods. A trigger hands every request of the route to it.
/// It checks the path first (404, or 400 for a bad name), then the method (405).
/// </summary>
internal abstract class Resource(string route)
{
    /// <summary>The form of the path, for example <c>/v1.0/{account}</c>: <c>{…}</c> stands for any name.</summary>
    public string Route { get; } = route;

    /// <summary>The methods of the resource, in the order of the header <c>Allow</c>. They are case-sensitive, as HTTP requires.</summary>
    public abstract IReadOnlyList<string> Methods { get; }

    /// <summary>Serves a request.</summary>
    /// <exception cref="BurrowException">The path or the method does not match, or the handler throws.</exception>
    public abstract Task<Answer> ServeAsync(RequestContext context);
}

/// <summary>A resource whose path holds names.</summary>
/// <param name="route">The form of the path, as a trigger declares it: without the first slash.</param>
/// <param name="parse">Reads the names of a path.</param>
internal sealed class Resource<TPath>(string route, Func<ResourcePath, TPath> parse) : Resource("/" + route)
{
    private readonly string[] template = route.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static readonly string[] AllMethods = ["GET", "HEAD", "PUT", "POST", "DELETE"];

    /// <summary>Serves GET and HEAD.</summary>
    public Func<RequestContext, TPath, Task<Answer>>? Get { get; init; }

    public Func<RequestContext, TPath, Task<Answer>>? Put { get; init; }

    public Func<RequestContext, TPath, Task<Answer>>? Post { get; init; }

    public Func<RequestContext, TPath, Task<Answer>>? Delete { get; init; }

    public override IReadOnlyList<string> Methods => [.. AllMethods.Where(method => HandlerOf(method) is not null)];

    public override Task<Answer> ServeAsync(RequestContext context)
    {
        var path = parse(ResourcePath.Match(context.Request, template));
        return HandlerOf(context.Request.Method) is { } handler
            ? handler(context, path)
            : throw new MethodNotAllowedException(context.Request.Method, Methods);
    }

    private Func<RequestContext, TPath, Task<Answer>>? HandlerOf(string method) => method switch
    {
        "GET" or "HEAD" => Get,
        "PUT" => Put,
        "POST" => Post,
        "DELETE" => Delete,
        _ => null,
    };
}

/// <summary>Serves every method at a path that another router matched, or that matches nothing.</summary>
internal sealed class UnroutedResource(Func<RequestContext, Task<Answer>> serve) : Resource("")
{
    public override IReadOnlyList<string> Methods => [];

    public override Task<Answer> ServeAsync(RequestContext context) => serve(context);
}
