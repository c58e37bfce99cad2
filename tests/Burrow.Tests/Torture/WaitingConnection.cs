using System.Diagnostics;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>A connection that waits for a message.</summary>
internal sealed class WaitingConnection(RawHttp http, string queue, bool claims) : IAsyncDisposable
{
    private Task<(RawAnswer Answer, long At)>? waiting;

    /// <summary>Whether no response has come yet.</summary>
    public bool IsWaiting => waiting is { IsCompleted: false };

    /// <summary>Sends the request that waits, and returns once it is sent.</summary>
    public async Task AskAsync(int wait)
    {
        var line = claims ? $"POST /v1.0/{queue}?limit=1&hide=600&detail=all&wait={wait}" : $"GET /v1.0/{queue}?wait={wait}";
        await http.SendBytesAsync(System.Text.Encoding.ASCII.GetBytes($"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        waiting = AnswerAsync();
    }

    /// <summary>The response, and when it came.</summary>
    public Task<(RawAnswer Answer, long At)> WokenAsync() => waiting!;

    public ValueTask DisposeAsync() => http.DisposeAsync();

    private async Task<(RawAnswer, long)> AnswerAsync() => (await http.ReadAsync("GET"), Stopwatch.GetTimestamp());
}
