using System.Globalization;
using Burrow.Benchmarks.Load;

namespace Burrow.Benchmarks;

/// <summary>A local process under test, and what a benchmark does to it besides the measured operations.</summary>
internal sealed class Server(string name, BurrowProcess process) : IAsyncDisposable
{
    private const int BatchItems = 500;
    private const int FewItems = 100;

    private static long queues;
    private static long firsts;

    public string Name => name;

    public Uri Address => process.Address;

    /// <summary>The resident memory of the process (<c>VmRSS</c>), in MiB.</summary>
    public double Resident => ResidentOf(process.Id);

    /// <inheritdoc cref="Processor.UsedBy"/>
    public TimeSpan Used => Processor.UsedBy(process.Id);

    /// <summary>The resident memory of a process (<c>VmRSS</c>), in MiB.</summary>
    public static double ResidentOf(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024.0;
    }

    /// <summary>Starts a process. The benchmark's own runtime settings do not apply to it.</summary>
    public static async Task<Server> StartAsync(string name, string tables, string folder, params (string Name, string Value)[] environment)
    {
        var variables = environment.ToDictionary(variable => variable.Name, string? (variable) => variable.Value);
        variables[Runtime.InlineCompletions] = null;
        return new(name, await BurrowProcess.StartAsync(tables, variables, folder, kept: 64 * 1024));
    }

    /// <summary>The path of a queue that was never used.</summary>
    public static string NewQueue() => $"bench/q{Interlocked.Increment(ref queues)}";

    /// <summary>Puts messages with ids from <paramref name="first"/> upwards, in batches, over that many connections.</summary>
    public async Task FillAsync(string queue, long first, int count, string body, string attributes, int connections = 2)
    {
        var items = count % BatchItems == 0 ? BatchItems : FewItems;
        if (count % items != 0)
            throw new ArgumentException($"A multiple of {items}.", nameof(count));
        await Generator.RunAsync(
            Address,
            Math.Min(connections, count / items),
            Budget.Of(count / items),
            items,
            () => PutBatch(queue, first, items, body, attributes));
    }

    /// <summary>The first of many numbers of messages that no other call gets.</summary>
    public static long NewFirst() => 100_000_000L * Interlocked.Increment(ref firsts);

    /// <summary>An operation that puts a message that no other operation puts.</summary>
    public static Step PutNew(string queue)
    {
        var first = NewFirst();
        var put = new HttpRequestBytes("PUT", $"/v1.0/{queue}/{HttpRequestBytes.Number}", Sizes.Text);
        return async (connection, number) => await connection.SendAsync(put.With(first + number), 201);
    }

    /// <summary>An operation that puts that many messages in one request.</summary>
    public static Step PutBatch(string queue, long first, int items, string body, string attributes = "")
    {
        var line = $$"""{"id":"{{HttpRequestBytes.Number}}","body":"{{body}}"{{attributes}}}""" + "\n";
        var request = new HttpRequestBytes(
            "POST", $"/batch/{queue}", string.Concat(Enumerable.Repeat(line, items)), "application/x-ndjson");
        return async (connection, number) =>
        {
            var answer = await connection.SendAsync(request.With(first + (number - 1) * items), 200);
            if (Count(answer.Body.Span, "\"status\":201"u8) != items)
                throw new BenchmarkException($"Not all of a batch was stored: {answer}");
        };
    }

    /// <summary>Deletes all messages of a queue, or of an account.</summary>
    public async Task EmptyAsync(string path)
    {
        using var connection = await Connection.OpenAsync(Address);
        var request = new HttpRequestBytes("DELETE", $"/v1.0/{path}?match_hidden=true");
        while (await connection.SendAsync(request.Bytes) is var answer && answer.Status != 404)
        {
            if (answer.Status != 200)
                throw new BenchmarkException($"Can't be emptied: {answer}");
        }
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    /// <summary>How often the text occurs in a response.</summary>
    internal static int Count(ReadOnlySpan<byte> body, ReadOnlySpan<byte> text)
    {
        var count = 0;
        for (int at; (at = body.IndexOf(text)) >= 0; count++)
            body = body[(at + text.Length)..];
        return count;
    }
}
