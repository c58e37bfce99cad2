using System.ComponentModel;

[assembly: AssemblyFixture(typeof(Burrow.Tests.Support.Azurite))]

namespace Burrow.Tests.Support;

/// <summary>The Azurite of the test run. It starts when the first test needs it, and stops with the test run.</summary>
public sealed class Azurite : IAsyncDisposable
{
    private readonly SemaphoreSlim starting = new(1);
    private AzuriteProcess? process;

    /// <summary>The connection string. Without Node the test is skipped; in CI it fails.</summary>
    public async Task<string> ConnectionStringAsync()
    {
        await starting.WaitAsync();
        try
        {
            process ??= await WithNodeAsync(AzuriteProcess.StartAsync);
            return process.ConnectionString;
        }
        finally
        {
            starting.Release();
        }
    }

    /// <summary>Runs work that needs Node and npm. Without them the test is skipped; in CI it fails.</summary>
    internal static async Task<T> WithNodeAsync<T>(Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch (Win32Exception e)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail($"This needs Node and npm, which CI must have: {e.Message}");
            Assert.Skip($"This needs Node and npm: {e.Message}");
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
    }
}
