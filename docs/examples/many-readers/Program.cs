// Readers each see every message, at their own speed. The service keeps a cursor for each of them.
using Burrow.Client;

using var client = new BurrowClient(new Uri(args.ElementAtOrDefault(0) ?? "http://127.0.0.1:7071"));
var news = client.Account("many-readers").Queue("news");
await news.DeleteAllAsync();
await news.PutManyAsync(["rain", "sun"]);

await ReadAsync("radio", 1);
await ReadAsync("paper", 2);
await news.PutAsync("wind");
// Each goes on where it was, also after this program has ended.
await ReadAsync("radio", 2);
await ReadAsync("paper", 1);
await news.Reader("radio").DeleteAsync();
await news.Reader("paper").DeleteAsync();

async Task ReadAsync(string name, int count)
{
    var reader = news.Reader(name);
    var options = new FollowOptions { Reader = await reader.GetAsync() is null ? null : name };
    await foreach (var message in news.FollowAsync(options).Take(count))
    {
        Console.WriteLine($"{name}: {message.Body}");
        await reader.MoveAsync(message.Cursor!);
    }
}
