using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Burrow.Local;

/// <summary>Runs the local process from start to end.</summary>
internal static class LocalProcess
{
    /// <returns>0 after it was stopped; 1 if it could not start, said on standard error.</returns>
    public static async Task<int> RunAsync(LocalOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await using var app = LocalApp.Build(options);
            await app.StartAsync(cancellationToken);
            foreach (var address in app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses)
                Console.WriteLine($"Burrow listens on {address}");
            Console.WriteLine($"Burrow stores in {Describe(options.Tables)}");
            await app.WaitForShutdownAsync(cancellationToken);
            Console.WriteLine("Burrow has stopped.");
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or OptionsValidationException or UnauthorizedAccessException or FormatException)
        {
            await Console.Error.WriteLineAsync($"Burrow can't start: {e.Message}");
            return 1;
        }
    }

    private static string Describe(TablesOption tables) => tables.Engine switch
    {
        TablesEngine.Memory => "memory, and forgets it all when it stops",
        TablesEngine.Sqlite => Path.GetFullPath(tables.Where),
        _ => "Azure Table storage",
    };
}
