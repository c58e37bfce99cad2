using System.Buffers;
using System.Globalization;
using System.Net;

namespace Burrow.Events.Subscriptions;

/// <summary>
/// Which endpoints and headers a subscription may have. It checks the syntax only, because Event Grid connects to the endpoints, not this
/// service. So it looks up no name, and refuses a name that can only have a meaning inside a network.
/// </summary>
public class WebhookRules(IReadOnlyCollection<int> ports)
{
    private static readonly string[] InsideOnly = [".local", ".internal", ".localhost"];

    /// <summary>Hop-by-hop headers (RFC 9110, section 7.6.1; RFC 9112), and others that only the sender may set.</summary>
    private static readonly HashSet<string> Reserved = new(
        [
            "Host",
            "Connection",
            "Keep-Alive",
            "Proxy-Authenticate",
            "Proxy-Authorization",
            "Proxy-Connection",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Expect",
            "WebHook-Request-Origin"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<char> HostCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    /// <summary>The endpoint that a text names.</summary>
    /// <exception cref="InvalidRequestException">The text is not a valid endpoint; the message says why.</exception>
    public virtual Uri Endpoint(string text)
    {
        var uri = Parse(text);
        if (uri.Scheme != Uri.UriSchemeHttps)
            throw Wrong("endpoint begins with https://.");
        // Checks the host as the client wrote it, because Uri normalizes other notations of an address, and letters of all scripts.
        var host = HostOf(text);
        if (host.Length == 0
            || host.AsSpan().ContainsAnyExcept(HostCharacters)
            || uri.HostNameType != UriHostNameType.Dns
            || IPAddress.TryParse(host, out _))
        {
            throw Wrong("endpoint names a host by its DNS name, in ASCII.");
        }

        if (host.EndsWith('.') || !host.Contains('.') || InsideOnly.Any(end => host.EndsWith(end, StringComparison.OrdinalIgnoreCase)))
        {
            throw Wrong(
                "endpoint names a host that can be reached from the internet: "
                + "of two labels at least, no dot at the end, not .local, .internal or .localhost.");
        }

        // The last label of a name is never a number (RFC 3696, section 2). If it is one, some software reads the name as an address.
        if (host[(host.LastIndexOf('.') + 1)..] is var last
            && (last.All(char.IsAsciiDigit) || last.StartsWith("0x", StringComparison.OrdinalIgnoreCase)))
        {
            throw Wrong("endpoint names a host by its DNS name, in ASCII.");
        }

        if (!ports.Contains(uri.Port))
        {
            var allowed = ports.Order().Select(port => port.ToString(CultureInfo.InvariantCulture));
            throw Wrong($"endpoint has one of the ports {string.Join(", ", allowed)}.");
        }

        return uri;
    }

    /// <summary>Checks that a delivery may carry a header of this name.</summary>
    /// <exception cref="InvalidRequestException">It may not.</exception>
    public static void Header(string name)
    {
        if (name.Length is 0 or > 256 || name.AsSpan().ContainsAnyExcept(TokenCharacters))
            throw new InvalidRequestException("headers", $"'{name}' can't be a header's name.");
        if (Reserved.Contains(name)
            || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("aeg-", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidRequestException(
                "headers", $"{name} is no header of yours: not Host, Content-*, aeg-* nor what belongs to the connection.");
        }
    }

    /// <summary>Parses a text as an absolute URL, without user info and fragment.</summary>
    /// <exception cref="InvalidRequestException">It is not one.</exception>
    protected static Uri Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.OriginalString != text
            || text.Any(c => c is <= ' ' or '\\' or > '~'))
        {
            throw Wrong("endpoint is an absolute URL, in ASCII, with nothing around it.");
        }

        if (uri.UserInfo.Length > 0 || text.Split('/', 4) is [_, _, var authority, ..] && authority.Contains('@'))
            throw Wrong("endpoint has no user info; a secret goes into a header.");
        if (EndpointQuery.IsMasked(uri))
            throw Wrong("endpoint has its own query: answers show *** in place of it.");
        return uri.Fragment.Length == 0 && !text.Contains('#') ? uri : throw Wrong("endpoint has no fragment.");
    }

    /// <summary>The error for an endpoint that breaks a rule.</summary>
    protected static InvalidRequestException Wrong(string rule) => new("endpoint", rule);

    private static string HostOf(string text)
    {
        var authority = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        authority = authority[..(authority.IndexOfAny(['/', '?']) is var end and >= 0 ? end : authority.Length)];
        return authority.LastIndexOf(':') is var colon and >= 0 ? authority[..colon] : authority;
    }
}
