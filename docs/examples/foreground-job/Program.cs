// A job whose caller waits for it, with progress. Asked for twice at once, by one id, it is done once.
using System.Text;
using Burrow.Client;

using var client = new BurrowClient(new Uri(args.ElementAtOrDefault(0) ?? "http://127.0.0.1:7071"));
var jobs = client.Account("foreground-job").Queue("jobs");
var options = new PutOptions { Id = $"report-{Guid.NewGuid():n}" };

var calls = Enumerable.Range(1, 2).Select(_ => jobs.CallAsync("report of May", options, new Shown())).ToList();
var job = (await jobs.ClaimAsync(TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan))!;
foreach (var percent in (int[])[50, 90])
{
    await job.ProgressAsync(Encoding.UTF8.GetBytes($"{percent} %"));
    await Shown.ByBothAsync(percent);
}

await job.DoneAsync(Encoding.UTF8.GetBytes("EUR 19.90"));
foreach (var result in await Task.WhenAll(calls))
    Console.WriteLine($"{result.State}: {result.Text}");
Console.WriteLine($"others in the queue: {await jobs.ListAsync(new() { IncludeHidden = true }).CountAsync()}");

/// <summary>Shows the progress that the callers see.</summary>
internal sealed class Shown : IProgress<JobResult>
{
    private static readonly Dictionary<string, int> Seen = [];

    public void Report(JobResult value)
    {
        lock (Seen)
        {
            Seen[value.Text] = Seen.GetValueOrDefault(value.Text) + 1;
            if (Seen[value.Text] == 2)
                Console.WriteLine($"both callers see {value.Text}");
        }
    }

    public static async Task ByBothAsync(int percent)
    {
        while (true)
        {
            lock (Seen)
            {
                if (Seen.GetValueOrDefault($"{percent} %") == 2)
                    return;
            }

            await Task.Delay(10);
        }
    }
}
