// The messages of a customer are a group: they are done in order, one at a time. A customer who sends many holds no other back.
using Burrow.Client;

using var client = new BurrowClient(new Uri(args.ElementAtOrDefault(0) ?? "http://127.0.0.1:7071"));
var mails = client.Account("order-per-customer").Queue("mails");
await mails.DeleteAllAsync();
await mails.PutManyAsync(Enumerable.Range(1, 1_000).Select(i => new NewMessage<string>($"ann {i}", new() { Group = "ann" })));
await mails.PutAsync("bob 1", new() { Group = "bob" });

// A claim of ten gets one of each customer.
var claimed = await mails.ClaimAsync(10, TimeSpan.FromMinutes(1));
Console.WriteLine(string.Join(", ", claimed.Select(message => message.Body)));
await foreach (var group in mails.GroupsAsync().OrderBy(group => group.Group))
    Console.WriteLine($"{group.Group}: {group.Ready} ready, {group.Waiting} waiting");

// The next one of a customer can be claimed when the one before it is done.
await claimed[0].DoneAsync();
Console.WriteLine((await mails.ClaimAsync(TimeSpan.FromMinutes(1)))!.Body);
await mails.DeleteAllAsync();
