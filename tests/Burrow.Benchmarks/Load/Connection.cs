using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace Burrow.Benchmarks.Load;

/// <summary>A response: its status, and its body. The body is valid until the connection's next response.</summary>
internal readonly record struct HttpAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    /// <summary>The response's text, for error messages.</summary>
    public override string ToString() => $"{Status} {Encoding.UTF8.GetString(Body.Span[..Math.Min(Body.Length, 500)])}";
}

/// <summary>
/// A kept-alive connection that sends requests unchanged and reads only what a benchmark needs from a response. <c>HttpClient</c>
/// would cost as much as the server that is measured.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] buffer = new byte[64 * 1024];

    public static async Task<Connection> OpenAsync(Uri server)
    {
        var connection = new Connection();
        await connection.socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port);
        return connection;
    }

    /// <summary>Sends a request and reads its response, which must have a <c>Content-Length</c>.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<HttpAnswer> SendAsync(ReadOnlyMemory<byte> request)
    {
        for (var sent = 0; sent < request.Length;)
            sent += await socket.SendAsync(request[sent..], SocketFlags.None);
        var (length, head) = (0, -1);
        while (head < 0)
        {
            length += await ReceiveAsync(length);
            head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
        }

        head += 4;
        var (status, body) = Parse(buffer.AsSpan(0, head));
        if (head + body > buffer.Length)
            Array.Resize(ref buffer, head + body);
        while (length < head + body)
            length += await ReceiveAsync(length);
        return new(status, buffer.AsMemory(head, body));
    }

    /// <summary>Sends a request whose response must have that status.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<HttpAnswer> SendAsync(ReadOnlyMemory<byte> request, int expected)
    {
        var answer = await SendAsync(request);
        return answer.Status == expected ? answer : throw new BenchmarkException($"{expected} expected, not {answer}");
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<int> ReceiveAsync(int length)
    {
        if (length == buffer.Length)
            Array.Resize(ref buffer, length * 2);
        var received = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None);
        return received > 0 ? received : throw new BenchmarkException("The server closed a connection.");
    }

    private static (int Status, int Body) Parse(ReadOnlySpan<byte> head)
    {
        var field = "\r\nContent-Length: "u8;
        var at = head.IndexOf(field);
        if (!Utf8Parser.TryParse(head["HTTP/1.1 ".Length..], out int status, out _)
            || at < 0
            || !Utf8Parser.TryParse(head[(at + field.Length)..], out int body, out _))
        {
            throw new BenchmarkException($"An answer without a status or a length: {Encoding.Latin1.GetString(head)}");
        }

        return (status, body);
    }
}
