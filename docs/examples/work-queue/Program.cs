// Workers share the messages of a queue: each message is done by one of them.
using System.Collections.Concurrent;
using Burrow.Client;
using Burrow.Client.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddBurrow(options =>
    (options.Endpoint, options.Account) = (new Uri(args.ElementAtOrDefault(0) ?? "http://127.0.0.1:7071"), "work-queue"));
builder.Services.AddSingleton<ConcurrentBag<string>>();
builder.Services.AddBurrowWorker<Baker>("orders", options => options.MaxConcurrency = 4);
using var host = builder.Build();
var orders = host.Services.GetRequiredService<BurrowAccount>().Queue("orders");

await orders.PutManyAsync(Enumerable.Range(1, 10).Select(i => $"pizza {i:00}"));
await host.StartAsync();
await orders.WaitUntilEmptyAsync(TimeSpan.FromMinutes(1));
await host.StopAsync();

foreach (var baked in host.Services.GetRequiredService<ConcurrentBag<string>>().Order())
    Console.WriteLine(baked);

/// <summary>Bakes what messages ask for. Four of them work at a time.</summary>
internal sealed class Baker(ConcurrentBag<string> shelf) : IMessageHandler<string>
{
    public async Task HandleAsync(ClaimedMessage<string> message, CancellationToken cancellationToken)
    {
        await Task.Delay(100, cancellationToken);
        shelf.Add($"baked {message.Body}");
    }
}
