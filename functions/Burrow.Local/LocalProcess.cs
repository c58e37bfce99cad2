using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Burrow.Local;

/// <summary>Runs the local process from start to end.</summary>
internal static class LocalProcess
{
    /// <returns>0 after a stop; 1 if the process could not start, with the reason on standard error.</returns>
    public static async Task<int> RunAsync(LocalOptions options, CancellationToken cancellationToken)
    {
        WebApplication? app = null;
        try
        {
            app = LocalApp.Build(options);
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"Burrow can't start: {Reason(e)}");
            if (app is not null)
                await app.DisposeAsync();
            return 1;
        }

        await using (app)
        {
            foreach (var address in app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses)
                Console.WriteLine($"Burrow listens on {address}");
            Console.WriteLine($"Burrow stores in {Describe(options.Tables)}");
            await app.WaitForShutdownAsync(cancellationToken);
        }

        Console.WriteLine("Burrow has stopped.");
        return 0;
    }

    /// <summary>The reason in words that help the user. The inner exception names the setting whose value can't be read.</summary>
    private static string Reason(Exception e) =>
        e is InvalidOperationException { InnerException: { } inner } ? $"{e.Message} {inner.Message}" : e.Message;

    private static string Describe(TablesOption tables) => tables.Engine switch
    {
        TablesEngine.Memory => "memory, and forgets it all when it stops",
        TablesEngine.Sqlite => Path.GetFullPath(tables.Where),
        _ => "Azure Table storage",
    };
}
