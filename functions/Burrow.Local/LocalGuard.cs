using Burrow.Http.Pipeline;

namespace Burrow.Local;

/// <summary>
/// Keeps web pages out. A page of another origin may send requests to this machine. If its own host name resolves to a loopback
/// address (DNS rebinding), the page can even read the responses. So the process serves only known host names; others get 421.
/// A request from a foreign origin gets 403, unless it is GET or HEAD or the settings allow the origin.
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
            // The host name claims to be punycode and is not.
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
