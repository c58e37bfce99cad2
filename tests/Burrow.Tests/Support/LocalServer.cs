using Burrow.Local;
using Burrow.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Tests.Support;

/// <summary>
/// The local process's app, run in the test process: Kestrel on a free loopback port, the real triggers, any store and any clock.
/// </summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private LocalServer(WebApplication app)
    {
        this.app = app;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Http = new HttpClient { BaseAddress = Address };
    }

    /// <summary>Where it listens: <c>http://127.0.0.1:{port}/</c>.</summary>
    public Uri Address { get; }

    /// <summary>A client of it, which normalises paths. <see cref="RawHttp"/> sends every request unchanged.</summary>
    public HttpClient Http { get; }

    public IServiceProvider Services => app.Services;

    public static async Task<LocalServer> StartAsync(ITableStore store, TimeProvider? time = null, Action<BurrowOptions>? configure = null)
    {
        var app = LocalApp.Build(new LocalOptions(["http://127.0.0.1:0"], new TablesOption(TablesEngine.Memory, ""), []), services =>
        {
            services.AddSingleton(store);
            // The console must not show every request that a test sends.
            services.AddLogging(logging => logging
                .SetMinimumLevel(LogLevel.Error)
                .AddProvider(SuiteLog.Whole)
                .AddFilter<SuiteLog>(null, LogLevel.Trace));
            if (time is not null)
                services.AddSingleton(time);
            // The test's settings must apply after the local process's own settings.
            if (configure is not null)
                services.PostConfigure(configure);
        });
        KeepSecrets(app.Services.GetRequiredService<IOptions<BurrowOptions>>().Value);
        await app.StartAsync();
        return new LocalServer(app);
    }

    private static void KeepSecrets(BurrowOptions options)
    {
        foreach (var secret in (string?[])[options.Access.Secret, options.Events.Key, .. options.Access.AdminKeys?.Split(',') ?? []])
        {
            if (secret is { Length: > 0 })
                SuiteLog.Whole.Keep(secret);
        }

        if (options.Events.SigningKeys is { } keys)
            SuiteLog.Whole.Keep(keys.Split('\n')[1]);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
