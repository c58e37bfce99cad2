using System.ComponentModel;
using System.Text.Json;

namespace Burrow.Tests.Support;

/// <summary>The npm packages that the tests use, in the versions that the lock file beside the test projects pins.</summary>
internal static class NodePackages
{
    private static readonly string Tests = Path.Combine(Repository.Root, "tests");
    private static readonly SemaphoreSlim Installing = new(1);

    /// <summary>Installs what is missing.</summary>
    /// <returns>The folder of the package.</returns>
    /// <exception cref="Win32Exception">There is no npm.</exception>
    public static async Task<string> InstallAsync(string package)
    {
        await Installing.WaitAsync();
        try
        {
            if (!Wanted().All(IsInstalled))
                await Commands.RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "ci --ignore-scripts --no-audit --no-fund", Tests);
        }
        finally
        {
            Installing.Release();
        }

        return FolderOf(package);
    }

    private static string FolderOf(string package) => Path.Combine(Tests, "node_modules", package);

    /// <summary>The packages that the tests name themselves, each with its version.</summary>
    private static IEnumerable<JsonProperty> Wanted()
    {
        var manifest = Read(Tests);
        return ((string[])["dependencies", "devDependencies"]).SelectMany(
            kind => manifest.TryGetProperty(kind, out var packages) ? packages.EnumerateObject().ToArray() : []);
    }

    private static bool IsInstalled(JsonProperty package) =>
        File.Exists(Path.Combine(FolderOf(package.Name), "package.json"))
        && Read(FolderOf(package.Name)).GetProperty("version").GetString() == package.Value.GetString();

    private static JsonElement Read(string folder) => JsonElement.Parse(File.ReadAllBytes(Path.Combine(folder, "package.json")));
}
