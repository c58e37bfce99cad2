using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Burrow.Events.Subscriptions;
using Burrow.Local.EventGrid;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Tests.Events;

/// <summary>How the stand-in for Event Grid calls endpoints.</summary>
public sealed class WebhookClientTests : IDisposable
{
    private const string Header = "WebHook-Allowed-Origin";

    /// <summary>Headers that .NET knows, of requests, of responses and of contents.</summary>
    private static readonly string[] Known =
    [
        "Accept", "Accept-Ranges", "Age", "Allow", "Authorization", "Cache-Control", "Content-Language", "Cookie", "Date", "ETag",
        "Expires", "From", "If-Match", "If-Modified-Since", "Last-Modified", "Location", "Max-Forwards", "Pragma", "Range", "Referer",
        "Retry-After", "Server", "Set-Cookie", "User-Agent", "Vary", "Via", "WWW-Authenticate", "Warning", "X-Anything",
    ];

    private readonly WebhookClient client = new(NullLogger<WebhookClient>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => client.Dispose();

    [Theory]
    [InlineData(null, null)]
    [InlineData("*", null)]
    [InlineData("EventGrid.Azure.NET", null)]
    [InlineData("other.example, eventgrid.azure.net", null)]
    [InlineData("other.example,*", null)]
    [InlineData("", $"its answer doesn't have the header {Header}")]
    [InlineData("other.example", $"the header {Header} of its answer names neither eventgrid.azure.net nor *")]
    [InlineData("eventgrid.azure.net.evil.example", $"the header {Header} of its answer names neither eventgrid.azure.net nor *")]
    public async Task An_endpoint_agrees_by_the_origin_that_it_names_and_else_is_told_what_is_wrong(string? origins, string? reason)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.AllowedOrigin = origins;

        (await client.HandshakeAsync(To(receiver.Url), Token)).ShouldBe(reason);
    }

    [Fact]
    public async Task What_can_not_be_reached_is_told_alike_whatever_is_there()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var nothing = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        using var banner = Listen("SSH-2.0-OpenSSH_9.2\r\n");
        using var silent = Listen("");
        using var cut = Listen("HTTP/1.1 200");
        string[] urls =
        [
            $"http://127.0.0.1:{nothing}/",
            $"https://127.0.0.1:{nothing}/",
            $"http://127.0.0.1:{PortOf(banner)}/",
            $"https://127.0.0.1:{PortOf(banner)}/",
            $"http://127.0.0.1:{PortOf(silent)}/",
            $"http://127.0.0.1:{PortOf(cut)}/",
            "https://nothing.invalid/",
            "http://nothing.invalid/",
            // This is no address of this machine.
            "http://192.0.2.1/",
        ];

        foreach (var url in urls)
            (await client.HandshakeAsync(To(url), Token)).ShouldBe("it could not be reached", url);
    }

    [Fact]
    public async Task Every_header_that_a_subscription_may_have_is_sent_with_the_handshake_and_with_deliveries()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var headers = Known.Where(IsAllowed).ToDictionary(name => name, name => $"value of {name}");
        headers.Keys.ShouldBe(Known.Except(["Content-Language"]));
        var subscription = To(receiver.Url, headers);

        (await client.HandshakeAsync(subscription, Token)).ShouldBeNull();
        await DeliverAsync(subscription);

        foreach (var (name, value) in headers)
        {
            receiver.HandshakeHeaders.GetValueOrDefault(name).ShouldBe(value);
            receiver.Events["1"].Headers.GetValueOrDefault(name).ShouldBe(value);
        }
    }

    private static bool IsAllowed(string header)
    {
        try
        {
            WebhookRules.Header(header);
            return true;
        }
        catch (InvalidRequestException)
        {
            return false;
        }
    }

    private static EventSubscription To(string url, Dictionary<string, string>? headers = null) => new(
        "topic",
        "name",
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            properties = new
            {
                destination = new
                {
                    properties = new
                    {
                        endpointUrl = url,
                        deliveryAttributeMappings =
                            (headers ?? []).Select(header => new { name = header.Key, properties = new { value = header.Value } }),
                    },
                },
            },
        }),
        "Succeeded",
        null);

    /// <summary>A server that is not HTTP: it sends one text to each client, and ends the connection.</summary>
    private static TcpListener Listen(string text)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var accepted = await listener.AcceptTcpClientAsync();
                await accepted.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
            }
        });
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private Task DeliverAsync(EventSubscription subscription) => client.DeliverAsync(
        subscription, new("key", "topic", "name", "1", "q/m", 0, 0, 0, 0, null), """{"id":"1"}"""u8.ToArray(), Token);
}
