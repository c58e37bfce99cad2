using System.Net;
using Burrow.Http.Pipeline;

namespace Burrow.Local;

/// <summary>
/// Keeps web pages out. A page of another origin may send requests to this machine. If its own host name resolves to a loopback
/// address (DNS rebinding), the page can even read the responses. So the process serves only known host names; others get 421.
/// A request from a foreign origin gets 403, unless it is GET or HEAD or the settings allow the origin. So does any request that a
/// browser says is from a page of another site. A person who follows a link from there is let in.
/// </summary>
internal sealed class LocalGuard(IEnumerable<string> hosts, Cors cors)
{
    private const string Localhost = "localhost";

    private readonly HashSet<string> named = new(hosts.Select(WithoutDot), StringComparer.OrdinalIgnoreCase);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!IsKnown(request))
        {
            var known = string.Concat(named.Select(name => name + ", "));
            await Problem.Of(
                421,
                "unknown-host",
                $"This process answers to {known}localhost, names that end in .localhost, and IP addresses; --host adds a name.")
                .ExecuteAsync(context);
        }
        else if (IsForeign(request))
        {
            await Problem.Of(
                403, "foreign-origin", "Pages of other origins may not use this process, unless Access:AllowedOrigins names the origin.")
                .ExecuteAsync(context);
        }
        else
        {
            await next(context);
        }
    }

    /// <summary>
    /// Whether the host can't be the name of a rebound page. Such a page has a name of the DNS. Browsers resolve localhost, and the
    /// names under it, to this machine without asking the DNS. Only HTTP/1.0 has no host at all, and browsers don't speak it.
    /// </summary>
    private bool IsKnown(HttpRequest request)
    {
        try
        {
            if (request.Host.Host.Length == 0)
                return true;
            var host = WithoutDot(request.Host.Host);
            return host.Equals(Localhost, StringComparison.OrdinalIgnoreCase)
                || host.EndsWith("." + Localhost, StringComparison.OrdinalIgnoreCase)
                || IPAddress.TryParse(host, out _)
                || named.Contains(host);
        }
        catch (ArgumentException)
        {
            // The host name claims to be punycode and is not.
            return false;
        }
    }

    /// <summary>The name without the dot that may end it in the DNS.</summary>
    private static string WithoutDot(string host) => host.EndsWith('.') ? host[..^1] : host;

    private bool IsForeign(HttpRequest request)
    {
        var reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        var headers = request.Headers;
        var isForeign = headers["Sec-Fetch-Site"] == "cross-site"
            ? !reads || headers["Sec-Fetch-Mode"] != "navigate" || headers["Sec-Fetch-Dest"] != "document"
            : !reads
                && headers.Origin.Count > 0
                && !string.Equals(headers.Origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        return isForeign && !cors.Allows(headers.Origin.ToString());
    }
}
