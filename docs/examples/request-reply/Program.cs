// Calls that are answered: a client asks, any of the servers answers, and neither knows where the other is.
using System.Text;
using Burrow.Client;

using var client = new BurrowClient(new Uri(args.ElementAtOrDefault(0) ?? "http://127.0.0.1:7071"));
var squares = client.Account("request-reply").Queue("squares");
using var stop = new CancellationTokenSource();
var servers = Enumerable.Range(0, 3).Select(_ => ServeAsync()).ToList();

var answers = await Task.WhenAll(Enumerable.Range(1, 9).Select(number => squares.CallAsync($"{number}")));
Console.WriteLine(string.Join(' ', answers.Select(answer => answer.Text)));

try
{
    await squares.CallAsync("nine");
}
catch (BurrowJobException e)
{
    Console.WriteLine(e.Result.Text);
}

await stop.CancelAsync();
await Task.WhenAll(servers);

async Task ServeAsync()
{
    while (!stop.IsCancellationRequested)
    {
        if (await squares.ClaimAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1)) is not { } asked)
            continue;
        if (int.TryParse(asked.Body, out var number))
            await asked.DoneAsync(Encoding.UTF8.GetBytes($"{number * number}"));
        else
            await asked.DeadAsync($"'{asked.Body}' is no number");
    }
}
