// A webhook: this program is told of each message that is put, and checks that Burrow says so.
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Burrow.Client;

var burrow = new Uri(args.ElementAtOrDefault(0) ?? "http://127.0.0.1:7071");
var events = Channel.CreateUnbounded<ReceivedMessage>();
var receiver = new TaskCompletionSource<Receiver>();

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
await using var app = builder.Build();
// Event Grid asks first whether it may send events here.
app.MapMethods("/hook", ["OPTIONS"], Receiver.ShakeHands);
app.MapPost("/hook", async (HttpRequest request) => await (await receiver.Task).ReceiveAsync(request));
await app.StartAsync();

using var http = new HttpClient { BaseAddress = burrow };
const string Subscription = "/subscriptions/webhook-receiver/kitchen";
using (var put = await http.PutAsJsonAsync(Subscription, new { endpoint = $"{app.Urls.First()}/hook", queues = "orders" }))
{
    var answer = await put.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
    receiver.SetResult(new(burrow, answer.GetProperty("source").GetString()!, message => events.Writer.TryWrite(message)));
}

while ((await http.GetFromJsonAsync<JsonElement>(Subscription)).GetProperty("state").GetString() != "active")
    await Task.Delay(100);
// What is put from 5 s after that is announced for sure.
await Task.Delay(TimeSpan.FromSeconds(5));

using var client = new BurrowClient(burrow);
await client.Account("webhook-receiver").Queue("orders").PutAsync("two pizzas", new() { Ttl = TimeSpan.FromMinutes(1) });
var received = await events.Reader.ReadAsync();
Console.WriteLine($"{received.Type} in {received.Queue}: {Encoding.UTF8.GetString(received.Body!)}");

using var ended = await http.DeleteAsync(Subscription);
Console.WriteLine($"the subscription is {(await ended.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("state")}");
