using System.Net;
using System.Net.Sockets;
using Burrow.Queues.Relays;

namespace Burrow.Relays;

/// <summary>
/// Where relays may send to. This process itself connects there, so a tenant may only name hosts that the operator allows, and no address
/// that leads back to this machine or to what the platform offers on a link-local one.
/// </summary>
/// <param name="hosts">The hosts that are allowed: exact names, or <c>*.</c> and a domain.</param>
/// <param name="ports">The ports that are allowed.</param>
/// <param name="allowsLoopback">Whether http to this machine is allowed, too, on any port: for the local process.</param>
internal sealed class RelayRules(IReadOnlyList<string> hosts, IReadOnlyList<int> ports, bool allowsLoopback)
{
    /// <summary>The errors in the settings, as texts. Empty if there is none.</summary>
    public static IEnumerable<string> Errors(RelaysOptions options) => options.Hosts
        .Where(host => Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) != UriHostNameType.Dns)
        .Select(host => $"Burrow:Relays:AllowedHosts has '{host}'. Each is the DNS name of a host, or *. and a domain.");

    /// <summary>Whether a relay may send anywhere.</summary>
    public bool AllowSome => hosts.Count > 0 || allowsLoopback;

    /// <summary>The address that a text names: scheme, host and port, without a path.</summary>
    /// <exception cref="InvalidRequestException">A relay may not send there; the message says why.</exception>
    public Uri Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("https" or "http")
            || uri.UserInfo.Length > 0
            || text.Any(character => character is <= ' ' or '\\' or > '~' or '@'))
        {
            throw Wrong("to is an absolute URL in ASCII, https://{host}, without user info.");
        }

        if (uri.AbsolutePath != "/" || uri.Query.Length > 0 || uri.Fragment.Length > 0 || text.Contains('?') || text.Contains('#'))
            throw Wrong("to is the other side's address alone: without a path, a query or a fragment.");
        if (IsLoopback(uri))
            return new(uri.GetLeftPart(UriPartial.Authority));
        if (uri.Scheme != Uri.UriSchemeHttps)
            throw Wrong(allowsLoopback ? "to begins with https://, or is http to this machine." : "to begins with https://.");
        if (uri.HostNameType != UriHostNameType.Dns || !hosts.Any(host => Matches(host, uri.IdnHost)))
            throw Wrong("to names a host that the operator's setting Burrow:Relays:AllowedHosts does not allow.");
        if (!ports.Contains(uri.Port))
            throw Wrong($"to has one of the ports {string.Join(", ", ports.Order())}.");
        return new(uri.GetLeftPart(UriPartial.Authority));
    }

    /// <summary>Connects to a host, after it was checked once more: the settings and its addresses may have changed.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var scheme = context.InitialRequestMessage.RequestUri!.Scheme;
        var target = Parse($"{scheme}://{(host.Contains(':') && host[0] != '[' ? $"[{host}]" : host)}:{port}");
        var addresses = await Dns.GetHostAddressesAsync(host.Trim('[', ']'), cancellationToken);
        var allowed = Array.FindAll(addresses, address => IsLoopback(target) ? IPAddress.IsLoopback(address) : IsOutside(address));
        if (allowed.Length == 0)
            throw new HttpRequestException("The host has no address that a relay may send to.");
        return await Outgoing.OpenAsync(socket => socket.ConnectAsync(allowed, port, cancellationToken));
    }

    /// <summary>Not this machine, and not a link-local address, where the platform hands out tokens.</summary>
    internal static bool IsOutside(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(plain) || plain.IsIPv6LinkLocal || plain.IsIPv6Multicast
            || plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any))
        {
            return false;
        }

        return plain.AddressFamily != AddressFamily.InterNetwork
            || plain.GetAddressBytes() is not ([0 or 127, ..] or [169, 254, ..] or [168, 63, 129, 16] or [>= 224, ..]);
    }

    private bool IsLoopback(Uri uri) => allowsLoopback && uri.Scheme == Uri.UriSchemeHttp && Outgoing.IsLoopback(uri);

    private static bool Matches(string pattern, string host) => pattern.StartsWith("*.", StringComparison.Ordinal)
        ? host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase) && host.Length > pattern.Length - 1
        : host.Equals(pattern, StringComparison.OrdinalIgnoreCase);

    private static InvalidRequestException Wrong(string rule) => new("to", rule);
}
