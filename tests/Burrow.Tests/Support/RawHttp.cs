using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Burrow.Tests.Support;

/// <summary>A response as it came over the socket.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Headers">The headers by name; the case of the name does not matter.</param>
/// <param name="Body">As many bytes as <c>Content-Length</c> said.</param>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The body as an array of strings.</summary>
    public string[] Strings => Json.ValueKind != JsonValueKind.Array ? throw new InvalidDataException($"{Status}: {Text}") :
        [.. Json.EnumerateArray().Select(value => value.GetString()!)];

    public string? ContentType => Headers.GetValueOrDefault("Content-Type");

    public string? ETag => Headers.GetValueOrDefault("ETag");

    public string? Marker => Headers.GetValueOrDefault("Burrow-Marker");

    /// <summary>Whether the response says that it was cut.</summary>
    public bool More => Headers.GetValueOrDefault("Burrow-More") == "true";
}

/// <summary>
/// A connection that sends requests unchanged, and reads responses as a v1.0 client does: it demands <c>Content-Length</c> on
/// every response. <c>HttpClient</c>, for example, resolves dots in paths.
/// </summary>
internal sealed class RawHttp : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TcpClient client = new() { NoDelay = true };
    private readonly Uri address;
    private Stream input = Stream.Null;

    private RawHttp(Uri address) => this.address = address;

    /// <param name="address">The server.</param>
    /// <param name="receiveBuffer">Bytes that the connection takes before the test reads them; 0: as many as the system likes.</param>
    public static async Task<RawHttp> ConnectAsync(Uri address, int receiveBuffer = 0)
    {
        var raw = new RawHttp(address);
        if (receiveBuffer > 0)
            raw.client.ReceiveBufferSize = receiveBuffer;
        await raw.client.ConnectAsync(address.Host, address.Port);
        raw.input = new BufferedStream(raw.client.GetStream());
        return raw;
    }

    /// <summary>Sends one request with a length, and reads its response. The connection stays open.</summary>
    public async Task<RawAnswer> SendAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\n");
        if (!headers.Any(header => header.Name.Equals("Host", StringComparison.OrdinalIgnoreCase)))
            head.Append(CultureInfo.InvariantCulture, $"Host: {address.Authority}\r\n");
        foreach (var (name, value) in headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (body is not null)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        head.Append("\r\n");
        await SendBytesAsync([.. Encoding.Latin1.GetBytes(head.ToString()), .. body ?? []]);
        return await ReadAsync(method);
    }

    public async Task SendBytesAsync(byte[] bytes) => await client.GetStream().WriteAsync(bytes);

    /// <summary>Waits until the response has begun to arrive, and reads none of it.</summary>
    public async Task PeekAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await client.Client.ReceiveAsync(new byte[1], SocketFlags.Peek, patience.Token);
    }

    /// <summary>Reads a response to a request of that method.</summary>
    public async Task<RawAnswer> ReadAsync(string method)
    {
        using var patience = new CancellationTokenSource(Patience);
        var head = new List<byte>();
        var one = new byte[1];
        while (head.Count < 4 || !head[^4..].SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await input.ReadAsync(one, patience.Token) == 0)
                throw new IOException($"The connection ended within the head: '{Encoding.Latin1.GetString([.. head])}'");
            head.Add(one[0]);
        }

        var lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
            fields[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        fields.ShouldContainKey("Content-Length", $"{lines[0]}: v1.0 clients read Content-Length before anything else");
        fields.ShouldNotContainKey("Transfer-Encoding");
        var body = new byte[method == "HEAD" || status == 304 ? 0 : int.Parse(fields["Content-Length"], CultureInfo.InvariantCulture)];
        await input.ReadExactlyAsync(body, patience.Token);
        return new(status, fields, body);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }
}
