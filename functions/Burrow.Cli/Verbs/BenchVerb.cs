using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>bench</c>: how fast a service is from here, for the same client that programs use.</summary>
internal static class BenchVerb
{
    public static Command Create()
    {
        var address = Arguments.Maybe("url", "The service; without it, as --url says.");
        var seconds = Arguments.Number("--seconds", "How long each part takes.", 5, 1, 3_600);
        var connections = Arguments.Number("--connections", "How many requests are under way.", 32, 1, 1_000);
        var size = Arguments.Number("--size", "Bytes of a body.", 1_024, 0, 1_048_576);
        var verb = new Command("bench", "Measure puts, claims and how long a message is on its way, in a queue of its own.")
        {
            address, seconds, connections, size,
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            using var other = parsed.GetValue(address) is { } url
                ? Session.Open(parsed.GetValue(ServiceOptions.Profile), url, session.Account.Name, session.Printer)
                : null;
            var queue = (other ?? session).Account.BytesQueue($"bench-{Guid.NewGuid():n}");
            var bench = new Bench(
                queue, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(connections), new byte[parsed.GetValue(size)]);
            try
            {
                session.Printer.Table(
                    await bench.RunAsync(session.Printer, cancellationToken),
                    ("what", "what"),
                    ("messages/s", "perSecond"),
                    ("p50, ms", "p50"),
                    ("p99, ms", "p99"),
                    ("failed", "failed"));
                return ExitCodes.Done;
            }
            finally
            {
                await queue.DeleteAllAsync(CancellationToken.None);
            }
        });
        return verb;
    }
}

/// <summary>Measures one queue.</summary>
internal sealed class Bench(BurrowQueue<ReadOnlyMemory<byte>> queue, TimeSpan time, int connections, byte[] body)
{
    private static readonly TimeSpan Hide = TimeSpan.FromMinutes(1);
    private static readonly PutOptions Options = new() { Ttl = TimeSpan.FromHours(1) };

    public async Task<IReadOnlyList<JsonObject>> RunAsync(Printer printer, CancellationToken cancellationToken)
    {
        var rows = new List<JsonObject>();
        foreach (var (what, run, parallel) in ((string, Func<CancellationToken, Task<int>>, int)[])
        [
            ("put", PutAsync, connections),
            ("put, 100 at a time", PutManyAsync, connections),
            ("claim and done", ClaimAsync, connections),
            ("put until claimed", TripAsync, 1),
        ])
        {
            printer.Say($"{what}…");
            if (run == TripAsync)
                await queue.DeleteAllAsync(cancellationToken);
            rows.Add(await MeasureAsync(what, run, parallel, cancellationToken));
        }

        return rows;
    }

    private async Task<int> PutAsync(CancellationToken cancellationToken)
    {
        await queue.PutAsync(body, Options, cancellationToken);
        return 1;
    }

    private async Task<int> PutManyAsync(CancellationToken cancellationToken) =>
        (await queue.PutManyAsync(Enumerable.Repeat<ReadOnlyMemory<byte>>(body, 100), Options, cancellationToken)).Count;

    private async Task<int> ClaimAsync(CancellationToken cancellationToken)
    {
        if (await queue.ClaimAsync(Hide, cancellationToken: cancellationToken) is not { } message)
            return 0;
        await message.DoneAsync(cancellationToken);
        return 1;
    }

    /// <summary>The time from a put until a claim that waits has the message. The queue is empty before.</summary>
    private async Task<int> TripAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var claiming = queue.ClaimAsync(Hide, Timeout.InfiniteTimeSpan, ending.Token);
        try
        {
            await queue.PutAsync(body, Options, cancellationToken);
        }
        catch
        {
            // The next round must not share its message with this claim.
            await ending.CancelAsync();
            await claiming.ContinueWith(static _ => { }, TaskScheduler.Default);
            throw;
        }

        if (await claiming is { } message)
            await message.DoneAsync(cancellationToken);
        return 1;
    }

    private async Task<JsonObject> MeasureAsync(
        string what, Func<CancellationToken, Task<int>> run, int parallel, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var (messages, failed) = (0L, 0L);
        var times = await Task.WhenAll(Enumerable.Range(0, parallel).Select(_ => Task.Run(async () =>
        {
            var own = new List<double>();
            while (Stopwatch.GetElapsedTime(begun) < time)
            {
                var from = Stopwatch.GetTimestamp();
                try
                {
                    var done = await run(cancellationToken);
                    if (done == 0)
                        break;
                    Interlocked.Add(ref messages, done);
                    own.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
                }
                catch (BurrowException e) when (e is not BurrowAccessException && Interlocked.Read(ref messages) > 0)
                {
                    Interlocked.Increment(ref failed);
                }
            }

            return own;
        }, cancellationToken)));
        var elapsed = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var all = times.SelectMany(own => own).Order().ToArray();
        return new()
        {
            ["what"] = what,
            ["perSecond"] = Math.Round(messages / elapsed),
            ["p50"] = At(0.5),
            ["p99"] = At(0.99),
            ["failed"] = failed,
        };

        JsonNode? At(double part) => all.Length == 0 ? null : Math.Round(all[(int)((all.Length - 1) * part)], 2);
    }
}
