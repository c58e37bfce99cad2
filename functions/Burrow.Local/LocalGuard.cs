using Burrow.Http.Pipeline;

namespace Burrow.Local;

/// <summary>
/// Keeps web pages out: a page of another origin may send requests to this machine, and by answering its own host name with a
/// loopback address (DNS rebinding) even read the answers. So only known host names are answered, and what changes
/// anything must not come from a foreign origin, unless the settings allow that one.
/// </summary>
internal sealed class LocalGuard(IEnumerable<string> hosts, Cors cors)
{
    private readonly HashSet<string> allowed = new([.. hosts, "localhost", "127.0.0.1", "[::1]"], StringComparer.OrdinalIgnoreCase);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!IsKnown(request))
        {
            await Problem.Of(
                421, "unknown-host", $"This process answers to {string.Join(", ", allowed)}; --host adds a name.").ExecuteAsync(context);
        }
        else if (IsForeign(request))
        {
            await Problem.Of(403, "foreign-origin", "Pages of other origins may not change anything here.").ExecuteAsync(context);
        }
        else
        {
            await next(context);
        }
    }

    private bool IsKnown(HttpRequest request)
    {
        try
        {
            return allowed.Contains(request.Host.Host);
        }
        catch (ArgumentException)
        {
            // A host name that claims to be punycode and isn't.
            return false;
        }
    }

    private bool IsForeign(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method)
        && !HttpMethods.IsHead(request.Method)
        && request.Headers.Origin is { Count: > 0 } origin
        && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
        && !cors.Allows(origin.ToString());
}
