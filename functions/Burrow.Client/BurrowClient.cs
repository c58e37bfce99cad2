using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Burrow.Client;

/// <summary>
/// A client of one Burrow service. It is safe for concurrent use, and cheap: make one and keep it. Nothing is sent before the first
/// request. With dependency injection, <c>services.AddBurrow(…)</c> makes it.
/// </summary>
public sealed class BurrowClient : IDisposable
{
    /// <summary>The name of the <c>ActivitySource</c> and of the <c>Meter</c>.</summary>
    public const string TelemetryName = "Burrow.Client";

    private readonly HttpClient http;
    private readonly Transport transport;

    /// <param name="endpoint">Where the service is, such as <c>http://127.0.0.1:7071</c>.</param>
    /// <param name="options">How it is called; null: the defaults.</param>
    /// <exception cref="ArgumentException">The address is not an absolute one of HTTP, or an option is out of its bounds.</exception>
    public BurrowClient(Uri endpoint, BurrowClientOptions? options = null)
        : this(endpoint, NewHandler(), options)
    {
    }

    /// <summary>Calls a service that is reached in another way than by a socket of its own, such as one in this process.</summary>
    /// <param name="endpoint">How the service is addressed.</param>
    /// <param name="handler">Sends the requests. It is disposed with the client.</param>
    /// <param name="options">How the service is called; null: the defaults.</param>
    /// <exception cref="ArgumentException">The address is not an absolute one of HTTP, or an option is out of its bounds.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The HTTP client disposes its handlers.")]
    public BurrowClient(Uri endpoint, HttpMessageHandler handler, BurrowClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https"))
            throw new ArgumentException($"'{endpoint}' is no absolute address of http or https.", nameof(endpoint));
        options ??= new();
        if (endpoint.UserInfo.Length > 0 || endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0)
        {
            throw new ArgumentException(
                "The address of a service has no user, query or fragment. A key goes into the options.", nameof(endpoint));
        }

        options.Validate();
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>();
        RetryRules.Configure(pipeline, options);
        // Each attempt has its own timeout, and a stream has none.
        var repeating = new ResilienceHandler(pipeline.Build()) { InnerHandler = new AttemptHandler(handler) };
        http = new(repeating) { Timeout = Timeout.InfiniteTimeSpan };
        transport = new(http, endpoint, options);
    }

    /// <summary>An account. It exists while it holds a queue.</summary>
    /// <param name="name">Its name: 1 to 512 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public BurrowAccount Account(string name) => new(transport, Names.Check(name, nameof(name)));

    /// <summary>The names of the accounts that hold a queue, by name. Where keys are used, this needs one of the operator.</summary>
    public IAsyncEnumerable<string> AccountsAsync(CancellationToken cancellationToken = default) =>
        Pages.NamesAsync(transport, () => new(HttpMethod.Get, "list accounts", "v1.0"), cancellationToken);

    /// <summary>Whether the service can do its work: it answers, and its storage does.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var call = new Call(HttpMethod.Get, "ready", "health", "ready") { Repeat = Repeat.IfNotDone };
            return (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).Status == HttpStatusCode.OK;
        }
        catch (BurrowUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Ends the connections.</summary>
    public void Dispose() => http.Dispose();

    private static SocketsHttpHandler NewHandler() => new()
    {
        // So that a change of the service's address is seen.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        AutomaticDecompression = DecompressionMethods.None,
        AllowAutoRedirect = false,
    };
}
