using System.Text;
using System.Text.Json.Serialization;
using Burrow.Client;
using Burrow.Client.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// Uses every part of the client that might need reflection: JSON, dependency injection, streams, retries.
var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddBurrow(options => (options.Endpoint, options.Account) = (new Uri(args[0]), "sample"));
builder.Services.AddBurrowWorker<Order, Cook>("orders", SampleJson.Default.Order);
using var host = builder.Build();
await host.StartAsync();
var account = host.Services.GetRequiredService<BurrowAccount>();
var result = await account.Queue("orders", SampleJson.Default.Order).CallAsync(new("Ann", 2));
Console.WriteLine(result.Text);

var log = account.Queue("log");
await log.PutManyAsync(["one", "two"]);
await foreach (var message in log.FollowAsync().Take(2))
    Console.WriteLine(message.Body);
Console.WriteLine((await log.Producer("sample").PutAsync("three")).IsNew);
await account.Policies.SetAsync(new() { Name = "log", Queues = "log", MaxDeliveries = 3 });
Console.WriteLine((await account.Policies.OfQueueAsync("log"))!.MaxDeliveries);
try
{
    await log.PutAsync("four", new() { Priority = 10 });
}
catch (BurrowRequestException e)
{
    Console.WriteLine(e.Message);
}

await host.StopAsync();

internal sealed record Order(string Customer, int Pizzas);

[JsonSerializable(typeof(Order))]
internal sealed partial class SampleJson : JsonSerializerContext;

internal sealed class Cook : IMessageHandler<Order>
{
    public Task HandleAsync(ClaimedMessage<Order> message, CancellationToken cancellationToken) => message.DoneAsync(
        Encoding.UTF8.GetBytes($"{message.Body.Pizzas} pizzas for {message.Body.Customer}"), "text/plain", cancellationToken);
}
