using System.Net;
using System.Net.Sockets;
using Burrow.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Burrow.Tests.Torture;

/// <summary>Kills the local process on one SQLite file again and again while clients use it.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_often_it_is_killed_nothing_acknowledged_is_lost_and_nothing_is_stuck()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(TortureSize.Seed);
        TenantQueue[] queues = [new("torture", "left", 4, random), new("torture", "right", 4, random)];
        var (answered, unanswered, max) = (0, 0, 0);
        for (var round = 0; round < TortureSize.Kills; round++)
        {
            await using var burrow = await BurrowProcess.StartAsync($"sqlite:{folder.File("burrow.db")}");
            try
            {
                max = Math.Max(max, await JudgeAsync(burrow.Http, queues));
                answered += await ActUntilKilledAsync(burrow, queues, random.Next(1, 400));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {TortureSize.Seed}, round {round}. The process said:\n{Tail(burrow.Output)}", e);
            }

            unanswered += queues.Sum(queue => queue.Unanswered);
        }

        output.WriteLine($"{TortureSize.Kills} kills, {answered} requests answered, {unanswered} not; at most {max} messages at a time");
        // The process must have been killed under load; otherwise this test proves nothing.
        unanswered.ShouldBeGreaterThan(TortureSize.Kills);
        await using (var last = await BurrowProcess.StartAsync($"sqlite:{folder.File("burrow.db")}"))
        {
            await JudgeAsync(last.Http, queues);
            foreach (var queue in queues)
                await queue.EmptyAsync(last.Http);
            (await last.Http.GetAsync("v1.0/torture", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await last.Http.GetAsync("v1.0", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            await last.InterruptAsync();
            (await last.ExitAsync()).ShouldBe(0);
            last.Output.ShouldNotContain("fail:");
        }

        await using var file = new SqliteConnection($"Data Source={folder.File("burrow.db")};Pooling=False");
        await file.OpenAsync(Token);
        await using var check = file.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        (await check.ExecuteScalarAsync(Token)).ShouldBe("ok");
    }

    /// <summary>Kills the process once that many requests have a response. The other requests may be anywhere at that moment.</summary>
    private static async Task<int> ActUntilKilledAsync(BurrowProcess burrow, TenantQueue[] queues, int answers)
    {
        var (answered, killed) = (0, false);
        var enough = new TaskCompletionSource();
        var acting = Task.WhenAll(queues.Select(queue => queue.ActAsync(SendAsync, () => Volatile.Read(ref killed))));
        // If a client fails, there is no kill to wait for.
        await Task.WhenAny(enough.Task, acting);
        Volatile.Write(ref killed, true);
        await burrow.KillAsync();
        await acting;
        return answered;

        async Task<HttpResponseMessage?> SendAsync(HttpMethod method, string target, HttpContent? content, string? ifMatch)
        {
            using var request = new HttpRequestMessage(method, target) { Content = content };
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            try
            {
                var answer = await burrow.Http.SendAsync(request);
                if (Interlocked.Increment(ref answered) == answers)
                    enough.SetResult();
                return answer;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException && Volatile.Read(ref killed))
            {
                // HttpClient throws the SocketException if the connection breaks while it is made.
                return null;
            }
        }
    }

    /// <summary>Checks that nothing is lost or came back, and that the listing shows the queues that have messages.</summary>
    private static async Task<int> JudgeAsync(HttpClient http, TenantQueue[] queues)
    {
        var messages = 0;
        foreach (var queue in queues)
        {
            var there = await queue.JudgeAsync(http);
            var listing = await http.GetAsync("v1.0/torture", Token);
            if (there > 0)
                (await listing.Content.ReadAsStringAsync(Token)).ShouldContain($"\"{queue.Name}\"");
            messages += there;
        }

        return messages;
    }

    private static string Tail(string log) => log[^Math.Min(log.Length, 3000)..];
}
