using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Some processes on the same tables.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private readonly (string Tables, string? Prefix) tables;
    private readonly BurrowProcess[] processes;
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private int next;

    private Deployment((string, string?) tables, BurrowProcess[] processes)
    {
        (this.tables, this.processes) = (tables, processes);
        Addresses = [.. processes.Select(process => process.Address)];
    }

    public IReadOnlyList<Uri> Addresses { get; }

    public int Kills { get; private set; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<Deployment> StartAsync((string Tables, string? Prefix) tables, int count)
    {
        var processes = new BurrowProcess[count];
        for (var i = 0; i < count; i++)
            processes[i] = await BurrowProcess.StartAsync(tables.Tables, tables.Prefix);
        return new(tables, processes);
    }

    /// <summary>Sends a request to one of the processes.</summary>
    /// <returns>The answer in JSON; null: it failed.</returns>
    public async Task<JsonElement?> SendAsync(HttpMethod method, string path, string? body = null, string? ifMatch = null)
    {
        var address = Addresses[Interlocked.Increment(ref next) % Addresses.Count];
        using var request = new HttpRequestMessage(method, new Uri(address, path));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        try
        {
            using var answer = await http.SendAsync(request, Token);
            var text = await answer.Content.ReadAsStringAsync(Token);
            return answer.IsSuccessStatusCode && text.Length > 0 ? JsonDocument.Parse(text).RootElement : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            // The process was killed.
            return null;
        }
    }

    /// <summary>Shows something, as soon as a process answers.</summary>
    public async Task<JsonElement?> GetAsync(string path)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            if (await SendAsync(HttpMethod.Get, path) is { } json)
                return json;
            await Task.Delay(50, Token);
        }

        return null;
    }

    /// <summary>Kills a process, and starts it again.</summary>
    public async Task KillAsync(int number)
    {
        await EndAsync(number);
        await BeginAsync(number);
    }

    /// <summary>Kills all processes. None is there until <see cref="ReturnAsync"/>.</summary>
    public Task LoseAsync() => Task.WhenAll(Enumerable.Range(0, processes.Length).Select(EndAsync));

    /// <summary>Starts all processes again.</summary>
    public Task ReturnAsync() => Task.WhenAll(Enumerable.Range(0, processes.Length).Select(BeginAsync));

    private async Task EndAsync(int number)
    {
        await processes[number].KillAsync();
        await processes[number].DisposeAsync();
        Kills++;
    }

    private async Task BeginAsync(int number)
    {
        var environment = new Dictionary<string, string?>();
        if (tables.Prefix is { } prefix)
            environment["Burrow__Storage__TablePrefix"] = prefix;
        processes[number] = await BurrowProcess.StartAgainAsync(tables.Tables, Addresses[number], environment);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (var process in processes)
            await process.DisposeAsync();
    }
}
