using System.Diagnostics;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Whatever a client sends, the response is well-formed and no 5xx, and leaves nothing behind.</summary>
[Collection(nameof(TortureCollection))]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Clients = 4;

    /// <summary>The statuses with which Kestrel itself refuses what is not HTTP. These responses have no body.</summary>
    private static readonly int[] Refusals = [400, 405, 408, 411, 413, 414, 431, 501, 505];

    /// <summary>Texts in a log that show a problem.</summary>
    private static readonly string[] Troubles = [" warn: ", " fail: ", " crit: ", "   at "];

    /// <summary>What Kestrel logs, after the response, about a body that it cannot read to its end.</summary>
    private const string KestrelDrains = "automatic draining of the request body failed because the body reader is in an invalid state";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_however_odd_is_answered_badly_or_costs_memory_or_is_logged_as_a_failure()
    {
        await using var burrow = await BurrowProcess.StartAsync("memory");
        var statuses = new int[600];
        var warm = TortureSize.FuzzedRequests / 3;
        await SendAllAsync(burrow.Address, 0, warm, statuses);
        var before = await MemoryAsync(burrow);
        await SendAllAsync(burrow.Address, warm, TortureSize.FuzzedRequests, statuses);
        var after = await MemoryAsync(burrow);

        var seen = statuses.Select((count, status) => (count, status))
            .Where(one => one.count > 0)
            .Select(one => $"{one.status}: {one.count}");
        output.WriteLine(
            $"{TortureSize.FuzzedRequests} requests, answers {string.Join(", ", seen)}; "
            + $"{before >> 20} MiB after a third, {after >> 20} MiB at the end");
        // Memory that is new in the last two thirds is garbage of other requests, or a leak.
        after.ShouldBeLessThan(before * 3 / 2 + (64 << 20));
        (await burrow.Http.PutAsync("v1.0/still/serves/m", new StringContent("x"), Token)).EnsureSuccessStatusCode();
        (await burrow.Http.GetStringAsync("v1.0/still/serves/m?detail=body", Token)).ShouldBe("x");
        burrow.Output.Split('\n')
            .Where(line => Troubles.Any(line.Contains) && !line.Contains(KestrelDrains))
            .ShouldBeEmpty($"Seed {TortureSize.Seed}");
    }

    private static Task SendAllAsync(Uri address, int from, int before, int[] statuses)
    {
        var next = from - 1;
        return Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            FuzzConnection? connection = null;
            int number;
            while ((number = Interlocked.Increment(ref next)) < before)
            {
                var fuzz = new Fuzzer(address.Authority, TortureSize.Seed * 1_000_000 + number).Next();
                connection ??= await FuzzConnection.ConnectAsync(address);
                try
                {
                    var (answers, reusable) = await connection.SendAsync(fuzz);
                    foreach (var (method, answer) in fuzz.Methods.Zip(answers))
                    {
                        Judge(method, answer);
                        Interlocked.Increment(ref statuses[answer.Status]);
                    }

                    if (reusable)
                        continue;
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"Request {number} of seed {TortureSize.Seed}. {fuzz}", e);
                }

                await connection.DisposeAsync();
                connection = null;
            }

            if (connection is not null)
                await connection.DisposeAsync();
        })));
    }

    private static void Judge(string method, RawAnswer answer)
    {
        if (!answer.Headers.ContainsKey("X-Content-Type-Options"))
        {
            Refusals.ShouldContain(answer.Status);
            answer.Headers["Content-Length"].ShouldBe("0");
            return;
        }

        answer.ShouldBeServed(method, "");
        if (method != "HEAD" && answer is { Status: 200, ContentType: "application/json" })
            answer.Json.ValueKind.ShouldBeOneOf(System.Text.Json.JsonValueKind.Array, System.Text.Json.JsonValueKind.Object);
        if (answer.Status == 405)
            answer.Headers.ContainsKey("Allow").ShouldBeTrue();
    }

    /// <summary>The bytes that the process has in memory when nothing is stored.</summary>
    private static async Task<long> MemoryAsync(BurrowProcess burrow)
    {
        await burrow.Http.DeleteAsync("v1.0", Token);
        (await burrow.Http.GetAsync("v1.0", Token)).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
        using var process = Process.GetProcessById(burrow.Id);
        return process.WorkingSet64;
    }
}
