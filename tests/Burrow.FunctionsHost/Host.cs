using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Forwarder;

namespace Burrow.FunctionsHost;

/// <summary>Starts a worker, serves its HTTP triggers, and runs its timers, until it is stopped.</summary>
internal static class Host
{
    /// <summary>How long running invocations hold up a stop.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>Runs an app until the token is cancelled.</summary>
    /// <param name="appFolder">The folder that the app was published to.</param>
    /// <param name="url">Where to take HTTP requests; port 0 for any free port.</param>
    /// <param name="stopsWith">How it ends what runs when it stops.</param>
    /// <param name="listening">Told where it listens, once the app's functions are loaded.</param>
    /// <param name="stopped">Stops the host.</param>
    public static async Task RunAsync(string appFolder, string url, StopMessage stopsWith, Action<Uri> listening, CancellationToken stopped)
    {
        await using var grpc = BuildGrpc(appFolder);
        await grpc.StartAsync(stopped);
        var channel = grpc.Services.GetRequiredService<WorkerChannel>();
        using var process = WorkerProcess.Start(appFolder, AssemblyOf(appFolder), AddressOf(grpc));
        _ = FailAtExitAsync(process, channel);
        var worker = await channel.Started.WaitAsync(stopped);

        await using var app = BuildHttp(url);
        using var front = new HttpFront(channel, app.Services.GetRequiredService<IHttpForwarder>(), worker.Http);
        front.Map(app, worker.Functions);
        await app.StartAsync(stopped);
        listening(AddressOf(app));

        var schedules = new TimerSchedules(
            channel, name => app.Configuration[name], app.Services.GetRequiredService<ILogger<TimerSchedules>>());
        await schedules.RunAsync(worker.Functions, stopped);
        await Task.Delay(Timeout.Infinite, stopped).ContinueWith(_ => { }, TaskScheduler.Default);

        if (stopsWith == StopMessage.Cancel)
            channel.CancelAll();
        else
            channel.Terminate(Grace);
        await app.StopAsync(CancellationToken.None);
        if (stopsWith == StopMessage.Cancel)
            channel.Terminate(Grace);
        using var patience = new CancellationTokenSource(Grace);
        await process.ExitAsync(patience.Token);
    }

    private static WebApplication BuildGrpc(string appFolder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        Quieten(builder);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = (null, null));
        builder.Services.AddSingleton(services =>
            new WorkerChannel(services.GetRequiredService<ILoggerFactory>()) { AppFolder = appFolder });
        var app = builder.Build();
        app.MapGrpcService<WorkerChannel>();
        return app;
    }

    private static WebApplication BuildHttp(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        Quieten(builder);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The default of an app's plan: 100 MB.
            kestrel.Limits.MaxRequestBodySize = 104_857_600;
        });
        builder.WebHost.UseUrls(url);
        builder.Services.AddHttpForwarder();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Grace);
        return builder.Build();
    }

    private static void Quieten(WebApplicationBuilder builder) =>
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);

    private static Uri AddressOf(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    private static string AssemblyOf(string appFolder)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(appFolder, "worker.config.json")));
        return config.RootElement.GetProperty("description").GetProperty("defaultWorkerPath").GetString()!;
    }

    private static async Task FailAtExitAsync(WorkerProcess process, WorkerChannel channel)
    {
        await process.ExitAsync();
        channel.Fail(new InvalidOperationException("The worker has ended."));
    }
}

/// <summary>What the host sends the worker when it stops, to end what runs.</summary>
internal enum StopMessage
{
    /// <summary><c>WorkerTerminate</c>: the worker as a whole ends.</summary>
    Terminate,

    /// <summary><c>InvocationCancel</c> for each invocation. The worker ends once none runs.</summary>
    Cancel,
}
