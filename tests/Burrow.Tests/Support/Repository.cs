using System.Diagnostics;

namespace Burrow.Tests.Support;

internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static readonly string Root = FindRoot();

    /// <summary>The C# sources below a folder of the repository.</summary>
    public static IEnumerable<string> SourceFiles(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(
                file => !Path.GetRelativePath(Root, file)
                    .Split(Path.DirectorySeparatorChar)
                    .Any(part => part is "bin" or "obj" or "node_modules"));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Burrow.Functions.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests run below the solution's folder.");
        return folder.FullName;
    }
}

internal static class Commands
{
    /// <summary>Runs a command to its end. If the command fails, throws an exception with its output.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(string command, string arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command} {arguments} ended with {process.ExitCode}\n{await output}\n{await error}");
        return await output;
    }
}
