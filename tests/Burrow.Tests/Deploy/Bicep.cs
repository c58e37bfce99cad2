using System.Diagnostics;
using System.Reflection;
using Burrow.Tests.Support;

namespace Burrow.Tests.Deploy;

/// <summary>The Bicep CLI from its package, and the template that it compiles from <c>bicep/main.bicep</c>, once for all tests.</summary>
public sealed class Bicep : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SemaphoreSlim compiling = new(1);
    private Template? template;

    /// <summary>The folder of the Bicep files.</summary>
    public static string Folder => Path.Combine(Repository.Root, "bicep");

    /// <summary>Returns the compiled template. Skips the test where there is no CLI.</summary>
    internal async Task<Template> CompileAsync(CancellationToken cancellationToken)
    {
        await compiling.WaitAsync(cancellationToken);
        try
        {
            if (template is null)
            {
                var file = folder.File("main.json");
                (await RunAsync(["build", "main.bicep", "--outfile", file], cancellationToken)).ShouldBe("");
                template = Template.Read(file);
            }

            return template;
        }
        finally
        {
            compiling.Release();
        }
    }

    /// <summary>Runs the CLI in the folder of the Bicep files. Skips the test where there is no CLI.</summary>
    /// <returns>All that the CLI printed.</returns>
    internal static async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var path =
            typeof(Bicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(one => one.Key == "BicepPath")?.Value;
        if (path is not { Length: > 0 })
            Assert.Skip("The package of the Bicep CLI that the tests use is for Linux on x64.");
        using var process = Process.Start(new ProcessStartInfo(path, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        var printed = await output + await error;
        return process.ExitCode == 0 ? printed : $"{printed}\nIt ended with {process.ExitCode}.";
    }

    public void Dispose() => folder.Dispose();
}
