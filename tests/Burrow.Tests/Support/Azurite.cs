using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

[assembly: AssemblyFixture(typeof(Burrow.Tests.Support.Azurite))]

namespace Burrow.Tests.Support;

/// <summary>
/// Azurite from npm, as the lock file beside this project pins it: installed if it is missing, started when the first test asks
/// for it, on a free loopback port, stopped with the test run.
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    private const string Account = "devstoreaccount1";

    // The emulator's well-known key: public, the same everywhere (learn.microsoft.com, "Use the Azurite emulator").
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly SemaphoreSlim Installing = new(1);

    private readonly SemaphoreSlim starting = new(1);
    private string? connectionString;
    private Process? process;

    /// <summary>How to connect. Without Node the test is skipped, but in CI it fails.</summary>
    public async Task<string> ConnectionStringAsync()
    {
        await starting.WaitAsync();
        try
        {
            return connectionString ??= await StartAsync();
        }
        finally
        {
            starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is null)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>The folder of Azurite's code. Without Node the test is skipped, but in CI it fails.</summary>
    internal static async Task<string> InstallAsync()
    {
        var tests = Path.Combine(Repository.Root, "tests");
        var code = Path.Combine(tests, "node_modules", "azurite", "dist", "src");
        await Installing.WaitAsync();
        try
        {
            if (!Directory.Exists(code))
                await Commands.RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "ci --no-audit --no-fund", tests);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            MissingNode(e.Message);
        }
        finally
        {
            Installing.Release();
        }

        return code;
    }

    /// <summary>How to connect to one on that port.</summary>
    internal static string ConnectionString(int port) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};TableEndpoint=http://127.0.0.1:{port}/{Account};";

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<string> StartAsync()
    {
        var main = Path.Combine(await InstallAsync(), "table", "main.js");
        var port = FreePort();
        try
        {
            process = Process.Start(new ProcessStartInfo("node")
            {
                ArgumentList =
                {
                    main, "--tableHost", "127.0.0.1", "--tablePort", $"{port}", "--inMemoryPersistence", "--silent",
                    "--skipApiVersionCheck", "--disableTelemetry",
                },
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            MissingNode(e.Message);
        }

        // It says so when it listens.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await process!.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains("successfully", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                _ = process.StandardError.ReadToEndAsync();
                return ConnectionString(port);
            }
        }

        throw new InvalidOperationException($"Azurite did not start: {await process.StandardError.ReadToEndAsync()}");
    }

    private static void MissingNode(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail($"Azurite needs Node and npm, which CI must have: {reason}");
        Assert.Skip($"Azurite needs Node and npm: {reason}");
    }
}
