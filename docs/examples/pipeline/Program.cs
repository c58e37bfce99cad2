// Three steps within one program, without a server: read, count, add up. Bounded queues keep a fast step from running ahead.
using System.Text.Json.Serialization;
using Burrow.Embedded;

await using var burrow = await EmbeddedBurrow.StartAsync();
using var lines = await burrow.OpenBoundedQueueAsync("lines", StepsJson.Default.String, maxSize: 10);
using var counts = await burrow.OpenBoundedQueueAsync("counts", StepsJson.Default.Int32, maxSize: 10);

var counting = Enumerable.Range(0, 3).Select(_ => Task.Run(CountAsync)).ToList();
var adding = Task.Run(AddAsync);
for (var i = 1; i <= 100; i++)
    await lines.PutAsync(string.Join(' ', Enumerable.Repeat("word", i)));

// What was put is counted, and what was counted is added up; then the queues are shut down.
await lines.JoinAsync();
await lines.ShutDownAsync();
await Task.WhenAll(counting);
await counts.ShutDownAsync();
Console.WriteLine($"{await adding} words");

async Task CountAsync()
{
    try
    {
        while (true)
        {
            await counts.PutAsync((await lines.GetAsync()).Split(' ').Length);
            lines.TaskDone();
        }
    }
    catch (QueueShutDownException)
    {
        // The step before has ended.
    }
}

async Task<int> AddAsync()
{
    var sum = 0;
    try
    {
        while (true)
            sum += await counts.GetAsync();
    }
    catch (QueueShutDownException)
    {
        return sum;
    }
}

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
internal sealed partial class StepsJson : JsonSerializerContext;
