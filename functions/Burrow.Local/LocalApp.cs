using System.Diagnostics;
using System.Net;
using Burrow.Events;
using Burrow.Events.Subscriptions;
using Burrow.Http.Pipeline;
using Burrow.Local.EventGrid;
using Burrow.Local.Pages;
using Burrow.Queues.Relays;
using Burrow.Relays;
using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Tables.Memory;
using Burrow.Tables.Sqlite;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Burrow.Local;

/// <summary>Burrow on Kestrel, with no part of Azure around it.</summary>
internal static partial class LocalApp
{
    /// <summary>How the names of settings begin: those of Burrow, of Event Grid's stand-in, of logs and of OpenTelemetry.</summary>
    private static readonly string[] Prefixes = [$"{BurrowOptions.Section}:", $"{StandInOptions.Section}:", "Logging:", "OTEL_"];

    /// <summary>
    /// Builds the app. When the app starts, it opens its tables. The start throws <see cref="IOException"/> if another process has
    /// the SQLite file, and <see cref="InvalidDataException"/> if the file isn't one of Burrow's.
    /// </summary>
    public static WebApplication Build(LocalOptions options, Action<IServiceCollection>? replace = null)
    {
        // An empty builder reads no files of the folder that the process starts in, and no variables for web applications in general.
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ApplicationName = typeof(LocalApp).Assembly.GetName().Name });
        builder.Configuration.AddInMemoryCollection(Settings());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options.Urls));
        builder.Services.AddRouting();
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Azure", LogLevel.Warning);
        // LocalProcess reports why the process can't start, and that is enough.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        replace?.Invoke(builder.Services);
        if (!builder.Services.Any(service => service.ServiceType == typeof(ITableStore)))
            builder.Services.AddSingleton(provider => Open(options, provider.GetRequiredService<IOptions<BurrowOptions>>().Value.Storage));
        AddEventGrid(builder, options.Tables, options.Urls);
        LocalAccess.Add(builder, options.Urls);
        builder.Services.AddSingleton(services => RelayServices.RulesOf(
            services.GetRequiredService<IOptions<RelaysOptions>>().Value,
            allowsLoopback: services.GetRequiredService<IOptions<BurrowOptions>>().Value.Access.IsOpen));
        builder.Services.AddBurrow(builder.Configuration);
        builder.Services.AddHostedService<Triggers.Timers>();
        builder.Services.AddHostedService<IdleMemory>();
        builder.Services.AddSingleton(provider => new ListeningCheck(provider.GetRequiredService<IServer>(), options));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ListeningCheck>());

        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<ListeningCheck>().InvokeAsync);
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Burrow");
        app.Use((context, next) => LogAsync(logger, context, next));
        app.Use(new LocalGuard(options.Hosts, app.Services.GetRequiredService<Cors>()).InvokeAsync);
        app.UseRouting();
        app.MapTriggers();
        app.MapEventGrid();
        app.MapPages();
        app.MapFallback("{**path}", (HttpRequest request, Responder responder) => responder.NotFoundAsync(request));
        // With port 0 the port is known only now.
        app.Lifetime.ApplicationStarted.Register(() =>
            app.Services.GetRequiredService<IOptions<BurrowOptions>>().Value.Events.PublicUrl ??= PublicUrl(app.Urls.First()));
        return app;
    }

    /// <summary>
    /// The settings: environment variables, and of those only the ones meant for this process. Others, such as <c>URLS</c> or
    /// <c>Kestrel__Endpoints__…</c>, would change where it listens.
    /// </summary>
    private static IEnumerable<KeyValuePair<string, string?>> Settings() =>
        new ConfigurationBuilder().AddEnvironmentVariables().Build().AsEnumerable().Where(variable =>
            variable.Value is not null && Prefixes.Any(prefix => variable.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)));

    private static void Configure(KestrelServerOptions kestrel, IReadOnlyList<string> urls)
    {
        foreach (var url in urls.Select(url => new Uri(url)))
        {
            if (IPAddress.TryParse(url.DnsSafeHost, out var address))
                kestrel.Listen(address, url.Port);
            else
                kestrel.ListenLocalhost(url.Port);
        }

        kestrel.AddServerHeader = false;
        // Each route bounds its bodies by their purpose, with a response that says so.
        kestrel.Limits.MaxRequestBodySize = null;
        // Room for three names of 512 bytes and a marker, each byte as %xx, and for a link.
        kestrel.Limits.MaxRequestLineSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 100;
    }

    /// <summary>The URL for clients. A client can't call "every interface", so localhost takes its place.</summary>
    private static Uri PublicUrl(string address) =>
        new UriBuilder(address) is var url
            && IPAddress.TryParse(url.Host.Trim('[', ']'), out var ip)
            && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
            ? new UriBuilder(address) { Host = "localhost" }.Uri
            : url.Uri;

    /// <summary>Adds Event Grid's stand-in, which serves if the settings name no Event Grid.</summary>
    private static void AddEventGrid(WebApplicationBuilder builder, TablesOption tables, IReadOnlyList<string> urls)
    {
        var events = LocalEvents.Open(tables);
        // A factory, because the container disposes only what it makes.
        builder.Services.AddSingleton(_ => events);
        builder.Services.AddOptions<StandInOptions>().Bind(builder.Configuration.GetSection(StandInOptions.Section))
            .Validate(
                settings => settings.Speed is >= 1 and <= StandInOptions.Fastest,
                $"EventGrid:Speed is from 1 to {StandInOptions.Fastest}.").ValidateOnStart();
        builder.Services.PostConfigure<BurrowOptions>(events.Apply);
        builder.Services.AddKeyedSingleton(EventsServices.ServiceKey, (services, _) => LocalEvents.NewClient(services));
        builder.Services.AddSingleton(services =>
        {
            // A caller from another machine must not reach other ports of this machine.
            int[] ports = [.. services.GetRequiredService<IOptions<BurrowOptions>>().Value.Events.Ports];
            return LocalAccess.IsPrivate(urls) ? new LocalWebhookRules(ports) : new WebhookRules(ports);
        });
        builder.Services.AddSingleton<StandInStore>();
        builder.Services.AddSingleton<WebhookClient>();
        builder.Services.AddSingleton<DeadLetters>();
        builder.Services.AddSingleton<Retry>();
        builder.Services.AddSingleton<Deliverer>();
        builder.Services.AddSingleton<StandIn>();
        builder.Services.AddHostedService(services => services.GetRequiredService<StandIn>());
    }

    private static ITableStore Open(LocalOptions options, StorageOptions storage) => options.Tables.Engine switch
    {
        TablesEngine.Memory => new MemoryTableStore(),
        TablesEngine.Sqlite => new SqliteTableStore(options.Tables.Where, options.Sync),
        _ => AzureTableStore.Connect(options.Tables.Where, storage.TablePrefix),
    };

    private static async Task LogAsync(ILogger logger, HttpContext context, RequestDelegate next)
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            // It also logs requests whose client went away before the response. It leaves the query out, which may hold a secret one day.
            Served(
                logger,
                context.Request.Method,
                context.Request.Path,
                context.Response.StatusCode,
                Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Method} {Path} {Status} {Milliseconds:0.0} ms")]
    private static partial void Served(ILogger logger, string method, string path, int status, double milliseconds);
}
