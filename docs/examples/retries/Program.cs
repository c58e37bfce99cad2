// Work that comes later, work that is tried again, and work that no worker can do: it becomes a dead letter, with the reasons.
using Burrow.Client;
using Burrow.Client.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddBurrow(options =>
    (options.Endpoint, options.Account) = (new Uri(args.ElementAtOrDefault(0) ?? "http://127.0.0.1:7071"), "retries"));
builder.Services.AddBurrowWorker<Mailer>("mails", options => (options.MaxConcurrency, options.PollTime) = (1, TimeSpan.FromSeconds(1)));
using var host = builder.Build();
var account = host.Services.GetRequiredService<BurrowAccount>();
var mails = account.Queue("mails");

// Three deliveries, a second after the first failure and two after the second.
await account.Policies.SetAsync(new() { Name = "mails", Queues = "mails", MaxDeliveries = 3, RetryDelays = [1, 2] });
await mails.PutAsync("later", new() { Hide = TimeSpan.FromSeconds(1) });
await mails.PutAsync("flaky");
await mails.PutAsync("no address", new() { Id = "poison" });
await host.StartAsync();
await mails.WaitUntilEmptyAsync(TimeSpan.FromMinutes(1));

await foreach (var dead in mails.DeadLetters.ListAsync())
{
    Console.WriteLine($"dead: {dead.Body}, after {dead.Deliveries} deliveries");
    foreach (var cause in dead.Causes)
        Console.WriteLine($"  {cause.Delivery}: {cause.Text}");
}

// The fault is mended: it goes back into its old place.
Mailer.HasAddress = true;
await mails.DeadLetters.RedriveAsync("poison");
await mails.WaitUntilEmptyAsync(TimeSpan.FromMinutes(1));
await host.StopAsync();
Console.WriteLine($"sent: {string.Join(", ", Mailer.Sent.Order())}");

/// <summary>Sends mails.</summary>
internal sealed class Mailer : IMessageHandler<string>
{
    public static bool HasAddress { get; set; }

    public static List<string> Sent { get; } = [];

    public Task HandleAsync(ClaimedMessage<string> message, CancellationToken cancellationToken)
    {
        if (message.Body == "flaky" && message.Deliveries == 1)
            throw new MessageFailedException("the line was busy");
        if (message.Body == "no address" && !HasAddress)
            throw new MessageFailedException("it has no address");
        Sent.Add(message.Body);
        return Task.CompletedTask;
    }
}
