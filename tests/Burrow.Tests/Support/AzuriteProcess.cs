using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Burrow.Tests.Support;

/// <summary>
/// Azurite from npm, in the version that the lock file beside the test projects pins. It is installed if it is missing, listens
/// on a free loopback port, and leaves nothing on disk.
/// </summary>
internal sealed class AzuriteProcess : IAsyncDisposable
{
    private const string Account = "devstoreaccount1";

    // The emulator's well-known key: public, the same everywhere (learn.microsoft.com, "Use the Azurite emulator").
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly Process process;

    private AzuriteProcess(Process process, string connectionString)
    {
        this.process = process;
        ConnectionString = connectionString;
    }

    /// <summary>The connection string.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts Azurite and waits until it says that it listens.</summary>
    /// <exception cref="Win32Exception">There is no Node, or no npm.</exception>
    public static async Task<AzuriteProcess> StartAsync()
    {
        var main = Path.Combine(await InstallAsync(), "table", "main.js");
        var port = FreePort();
        var process = Process.Start(new ProcessStartInfo("node")
        {
            ArgumentList =
            {
                main, "--tableHost", "127.0.0.1", "--tablePort", $"{port}", "--inMemoryPersistence", "--silent",
                "--skipApiVersionCheck", "--disableTelemetry",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        // Azurite prints this line when it listens.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains("successfully", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                _ = process.StandardError.ReadToEndAsync();
                return new(process, ConnectionStringOf(port));
            }
        }

        throw new InvalidOperationException($"Azurite did not start: {await process.StandardError.ReadToEndAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Installs Azurite if it is missing.</summary>
    /// <returns>The folder of its code.</returns>
    public static async Task<string> InstallAsync() => Path.Combine(await NodePackages.InstallAsync("azurite"), "dist", "src");

    /// <summary>The connection string of an Azurite on that port.</summary>
    public static string ConnectionStringOf(int port) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};TableEndpoint=http://127.0.0.1:{port}/{Account};";

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
