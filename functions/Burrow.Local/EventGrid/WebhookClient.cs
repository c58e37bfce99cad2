using System.Net;
using System.Net.Http.Headers;
using Burrow.Relays;

namespace Burrow.Local.EventGrid;

/// <summary>Calls endpoints as Event Grid does: the CloudEvents handshake, and one event per request. It follows no redirects.</summary>
internal sealed partial class WebhookClient(ILogger<WebhookClient> logger) : IDisposable
{
    /// <summary>How long an endpoint may take to answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string Origin = "eventgrid.azure.net";
    private const string AllowedOrigin = "WebHook-Allowed-Origin";

    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectCallback = ConnectAsync,
        MaxConnectionsPerServer = 64,
    })
    {
        Timeout = Patience,
    };

    /// <summary>Makes the handshake of "HTTP 1.1 Web Hooks for Event Delivery", section 4.</summary>
    /// <returns>Null if the endpoint agreed; else, in words, what it did instead.</returns>
    public async Task<string?> HandshakeAsync(EventSubscription subscription, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, subscription.Endpoint);
        request.Headers.Add("WebHook-Request-Origin", Origin);
        AddHeaders(request, subscription);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
                return $"it answered {(int)response.StatusCode}";
            if (!response.Headers.TryGetValues(AllowedOrigin, out var values))
                return $"its answer doesn't have the header {AllowedOrigin}";
            return values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)).Any(IsAllowed)
                ? null
                : $"the header {AllowedOrigin} of its answer names neither {Origin} nor *";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // One reason for all of them. A tenant that learned more could explore the network of this machine, port by port.
            NotReached(subscription.Endpoint.GetLeftPart(UriPartial.Authority), e.Message);
            return "it could not be reached";
        }
    }

    /// <summary>Delivers an event once.</summary>
    /// <returns>The response's status (0 if there was none), and the result in Event Grid's word.</returns>
    public async Task<(int Status, string Result)> DeliverAsync(
        EventSubscription subscription, Delivery delivery, byte[] json, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, subscription.Endpoint)
        {
            Content = new ByteArrayContent(json)
            {
                Headers = { ContentType = MediaTypeHeaderValue.Parse("application/cloudevents+json; charset=utf-8") },
            },
        };
        request.Headers.Add("aeg-subscription-name", subscription.Name.ToUpperInvariant());
        request.Headers.Add("aeg-delivery-count", $"{delivery.Attempts}");
        request.Headers.Add("aeg-event-type", "Notification");
        request.Headers.Add("aeg-data-version", "");
        request.Headers.Add("aeg-metadata-version", "1");
        request.Headers.Add("WebHook-Request-Origin", Origin);
        AddHeaders(request, subscription);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = (int)response.StatusCode;
            return (status, status switch
            {
                400 => "BadRequest",
                401 => "Unauthorized",
                403 => "Forbidden",
                404 => "NotFound",
                413 => "PayloadTooLarge",
                429 => "TooManyRequests",
                503 => "Busy",
                _ => RetryLadder.IsDelivered(status) ? "Success" : "GenericError",
            });
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (0, e is OperationCanceledException ? "TimedOut" : "GenericError");
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>Host names ignore case (RFC 9110, section 4.2.3).</summary>
    private static bool IsAllowed(string origin) => origin == "*" || origin.Equals(Origin, StringComparison.OrdinalIgnoreCase);

    /// <summary>Adds the tenant's headers. .NET files some of them under the content, for example Expires.</summary>
    private static void AddHeaders(HttpRequestMessage request, EventSubscription subscription)
    {
        foreach (var (name, value) in subscription.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>
    /// Connects; without TLS only to this machine, whatever a name resolves to. It checks the very address that it connects to.
    /// </summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        if (context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttp)
            addresses = [.. addresses.Where(IPAddress.IsLoopback)];
        if (addresses.Length == 0)
            throw new HttpRequestException("Without TLS, only this machine's own addresses are called.");
        return await Outgoing.OpenAsync(socket => socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Server} could not be reached for the handshake: {Reason}")]
    private partial void NotReached(string server, string reason);
}
