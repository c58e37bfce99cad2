using System.Net;
using System.Text.Json;
using Burrow.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Burrow.Tests.Local;

/// <summary>The page of <c>docs/examples/browser-stream</c>, in a real browser, served by another origin than the service.</summary>
public sealed class BrowserExampleTests
{
    private readonly Dictionary<string, TaskCompletionSource> stages = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_puts_messages_and_shows_each_once_also_those_of_others_after_the_service_was_killed()
    {
        using var folder = new TemporaryFolder();
        var tables = $"sqlite:{folder.File("burrow.db")}";
        await using var page = await Page.StartAsync();
        var environment = new Dictionary<string, string?>
        {
            ["Burrow__Access__AllowedOrigins"] = page.Address.GetLeftPart(UriPartial.Authority),
        };
        var burrow = await BurrowProcess.StartAsync(tables, environment, null, int.MaxValue);
        try
        {
            var address = burrow.Address;
            var script = BrowserScript.RunAsync(
                "example.mjs",
                new Uri(page.Address, $"/?burrow={Uri.EscapeDataString(address.AbsoluteUri)}"),
                line => Stage(line).TrySetResult(),
                Environment.GetEnvironmentVariable("BURROW_SCREENSHOT") ?? "",
                "two pizzas",
                "<b>one salad</b>");
            await Task.WhenAny(Stage("put").Task, script);
            await burrow.KillAsync();
            await burrow.DisposeAsync();
            await Task.WhenAny(Stage("again").Task, script);
            burrow = await BurrowProcess.StartAgainAsync(tables, address, environment);
            using var put = await burrow.Http.PutAsync("/v1.0/browser-stream/orders/3", new StringContent("three soups"), Token);
            put.StatusCode.ShouldBe(HttpStatusCode.Created);

            var seen = JsonSerializer.Deserialize<string[]>((await script).Split('\n')[^1]);

            seen.ShouldBe(["two pizzas", "<b>one salad</b>", "three soups"]);
        }
        finally
        {
            await burrow.DisposeAsync();
        }
    }

    /// <summary>Ends when the script has printed that line.</summary>
    private TaskCompletionSource Stage(string line)
    {
        lock (stages)
        {
            if (!stages.TryGetValue(line, out var stage))
                stages[line] = stage = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return stage;
        }
    }

    /// <summary>Serves the page, as any server of files does.</summary>
    private sealed class Page : LoopbackServer
    {
        public static Task<Page> StartAsync() => StartAsync(new Page(), app => app.MapGet(
            "/", () => Results.File(Path.Combine(Repository.Root, "docs", "examples", "browser-stream", "index.html"), "text/html")));
    }
}
