using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Burrow.Local;

/// <summary>
/// Serves nothing until it is certain that the process listens where <c>--urls</c> says, and nowhere else. What the process allows
/// depends on who can reach it. If the addresses are others, the start fails with <see cref="InvalidOperationException"/>.
/// </summary>
internal sealed class ListeningCheck(IServer server, LocalOptions options) : IHostedLifecycleService
{
    private readonly TaskCompletionSource passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Holds a request that arrives before the check. If the check fails, the request is never served.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await passed.Task.WaitAsync(context.RequestAborted);
        await next(context);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var bound = server.Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        if (bound.Count != options.Urls.Count || !options.Urls.Zip(bound).All(pair => IsSame(new(pair.First), new(pair.Second))))
        {
            throw new InvalidOperationException(
                $"It would listen on {string.Join(';', bound)}, while --urls says {string.Join(';', options.Urls)}.");
        }

        passed.SetResult();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether an address is the one that was asked for. For port 0 the system chose the port.</summary>
    private static bool IsSame(Uri asked, Uri bound) =>
        asked.Scheme == bound.Scheme && asked.Host == bound.Host && (asked.Port == 0 || asked.Port == bound.Port);
}
