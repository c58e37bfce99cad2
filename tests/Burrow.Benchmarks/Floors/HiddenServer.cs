using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Benchmarks.Floors;

/// <summary>Kestrel with one endpoint and nothing else. This program runs it itself, as a separate process.</summary>
internal static class HiddenServer
{
    /// <summary>Serves on a free port, and prints where it listens. Returns once it is stopped.</summary>
    public static async Task RunAsync(string name, RequestDelegate serve, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Run(serve);
        await app.StartAsync(cancellationToken);
        Console.WriteLine($"{name} listens on {app.Urls.Single()}");
        await app.WaitForShutdownAsync(cancellationToken);
    }
}
