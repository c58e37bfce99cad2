using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Tests.Support;

/// <summary>
/// Kestrel on a free loopback port, for requests that a process under test sends. A test can wait until a request has arrived.
/// </summary>
internal abstract class LoopbackServer : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly WebApplication app;
    private readonly SemaphoreSlim arrived = new(0);

    protected LoopbackServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        app = builder.Build();
    }

    public Uri Address => new(app.Urls.Single());

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        arrived.Dispose();
    }

    protected static async Task<T> StartAsync<T>(T server, Action<WebApplication> map)
        where T : LoopbackServer
    {
        map(server.app);
        await server.app.StartAsync();
        return server;
    }

    /// <summary>Notes that a request has arrived. The waiting tests then check their conditions again.</summary>
    protected void NoteArrival() => arrived.Release();

    /// <summary>Waits until a condition holds.</summary>
    protected async Task WaitUntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        while (!condition())
            await arrived.WaitAsync(timeout.Token);
    }
}
