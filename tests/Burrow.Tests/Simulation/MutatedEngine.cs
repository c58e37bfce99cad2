using System.Diagnostics;
using Burrow.Simulation;
using Burrow.Tests.Support;

namespace Burrow.Tests.Simulation;

/// <summary>
/// The simulation of an engine that contains every fault of <see cref="Mutant.All"/>. A fault is off until a run turns it on. The
/// engine is built once.
/// </summary>
public sealed class MutatedEngine : IAsyncLifetime
{
    private const string Switch =
        """
        namespace Burrow;

        internal static class Mutant
        {
            private static readonly string? On = Environment.GetEnvironmentVariable("BURROW_MUTANT");

            public static bool Is(string name) => On == name;
        }
        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("burrow-mutants-");

    /// <summary>Runs seeds on the engine with the given fault, until one seed fails.</summary>
    /// <returns>The output of the run.</returns>
    internal async Task<string> RunAsync(string? mutant, int seeds, WorldKind kind = WorldKind.One)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(folder.FullName, "out", "Burrow.Simulation.dll"), "--seeds", $"{seeds}" },
            RedirectStandardOutput = true,
        };
        if (kind != WorldKind.One)
            start.ArgumentList.Add(kind == WorldKind.Relays ? "--relays" : "--mirrors");
        start.Environment["BURROW_MUTANT"] = mutant;
        using var process = Process.Start(start)!;
        return await process.StandardOutput.ReadToEndAsync();
    }

    public async ValueTask InitializeAsync()
    {
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props", "global.json" })
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(folder.FullName, file));
        Copy("functions/Burrow");
        Copy("tests/Burrow.Simulation");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "functions/Burrow/Mutant.cs"), Switch);
        foreach (var mutant in Mutant.All)
        {
            var path = Path.Combine(folder.FullName, "functions/Burrow/Queues", mutant.File);
            var source = await File.ReadAllTextAsync(path);
            source.Split(mutant.Line).Length.ShouldBe(
                2, $"{mutant.Name}: '{mutant.Line}' stands once in {mutant.File}; if it was rewritten, rewrite the mutant");
            await File.WriteAllTextAsync(
                path, source.Replace(mutant.Line, mutant.Changed.Replace("MUTANT", $"Mutant.Is(\"{mutant.Name}\")")));
        }

        await Commands.RunAsync(
            "dotnet",
            "build tests/Burrow.Simulation -c Release -o out -p:TreatWarningsAsErrors=false "
            + "-p:RunAnalyzers=false -p:GenerateDocumentationFile=false --disable-build-servers",
            folder.FullName);
    }

    public ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Copy(string project)
    {
        var from = Path.Combine(Repository.Root, project);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(from, file);
            if (name.StartsWith("bin", StringComparison.Ordinal) || name.StartsWith("obj", StringComparison.Ordinal))
                continue;
            var target = Path.Combine(folder.FullName, project, name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
