using System.Net;
using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Local;

/// <summary>A stream in a browser, while the server is killed and started again.</summary>
public sealed class EventSourceTests
{
    private const int Messages = 10_000;
    private const int BatchSize = 500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_browser_sees_each_of_10_000_messages_once_and_in_order_although_the_server_is_killed_twice()
    {
        var folder = Directory.CreateTempSubdirectory("burrow-stream-");
        var tables = $"sqlite:{Path.Combine(folder.FullName, "burrow.db")}";
        var burrow = await BurrowProcess.StartAsync(tables);
        var address = burrow.Address;
        try
        {
            using var opened = new SemaphoreSlim(0);
            void Note(string line)
            {
                if (line == "open")
                    opened.Release();
            }

            var script = BrowserScript.RunAsync("stream.mjs", address, Note, "/v1.0/shop/orders", $"{Messages}");
            await OpenedAsync(opened, script);
            foreach (var batch in Enumerable.Range(0, Messages).Chunk(BatchSize))
            {
                if (batch[0] is Messages / 4 or Messages / 2)
                {
                    await burrow.KillAsync();
                    await burrow.DisposeAsync();
                    burrow = await BurrowProcess.StartAgainAsync(tables, address);
                    burrow.Address.ShouldBe(address, burrow.Output);
                    await OpenedAsync(opened, script);
                }

                await PutAsync(burrow, batch);
            }

            var seen = JsonSerializer.Deserialize<string[]>((await script).Split('\n')[^1])!;

            seen.ShouldBe(Enumerable.Range(0, Messages).Select(i => $"{i:d5}"));
        }
        finally
        {
            await burrow.DisposeAsync();
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Waits until the browser's stream has begun, or begun again.</summary>
    private static async Task OpenedAsync(SemaphoreSlim opened, Task script)
    {
        var opening = opened.WaitAsync(Token);
        if (await Task.WhenAny(opening, script) == script)
            await script;
        await opening;
    }

    private static async Task PutAsync(BurrowProcess burrow, int[] numbers)
    {
        var items = string.Join('\n', numbers.Select(number => $$"""{"id":"{{number:d5}}","ttl":0,"body":"message {{number}}"}"""));
        using var content = new StringContent(items, Encoding.UTF8, "application/x-ndjson");
        using var answer = await burrow.Http.PostAsync("/batch/shop/orders", content, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
