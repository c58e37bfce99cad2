using System.Diagnostics;

namespace Burrow.Tests.Support;

/// <summary>A script of <c>tests/browser</c>, which drives a real browser by Playwright.</summary>
internal static class BrowserScript
{
    private static readonly string[] Browsers = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>Runs a script to its end. It must end with 0.</summary>
    /// <param name="script">The file.</param>
    /// <param name="arguments">Its arguments: the address, the path of the browser, and these.</param>
    /// <param name="address">The page's server.</param>
    /// <param name="printed">Gets each line that the script prints, at once.</param>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(string script, Uri address, Action<string> printed, params string[] arguments)
    {
        var token = TestContext.Current.CancellationToken;
        var browser = Find();
        return await Azurite.WithNodeAsync(async () =>
        {
            await NodePackages.InstallAsync("playwright-core");
            using var process = Process.Start(new ProcessStartInfo(
                "node", [$"browser/{script}", address.AbsoluteUri, browser, .. arguments])
            {
                WorkingDirectory = Path.Combine(Repository.Root, "tests"),
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync(token);
            var lines = new List<string>();
            while (await process.StandardOutput.ReadLineAsync(token) is { } line)
            {
                lines.Add(line);
                printed(line);
            }

            await process.WaitForExitAsync(token);
            var output = string.Join('\n', lines);
            process.ExitCode.ShouldBe(0, output + await error);
            return output;
        });
    }

    private static string Find()
    {
        var found = from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                    from browser in Browsers
                    let file = Path.Combine(folder, browser)
                    where File.Exists(file)
                    select file;
        if (found.FirstOrDefault() is { } first)
            return first;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail("The pages are tested in Chromium, which CI must have.");
        Assert.Skip("The pages are tested in Chromium, and there is none in PATH.");
        return "";
    }
}
