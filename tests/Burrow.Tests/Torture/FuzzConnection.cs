using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>One connection that reads responses as strictly as RFC 9112 defines them.</summary>
internal sealed partial class FuzzConnection : IAsyncDisposable
{
    /// <summary>How long to wait for a request that must get a response.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>
    /// How long to wait for a server that may wait for more. It is long enough to see most responses, and no result depends on
    /// it.
    /// </summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(50);

    // The connection is reset on close, because tens of thousands of closed connections would use up the ports.
    private readonly TcpClient client = new() { NoDelay = true, LingerState = new LingerOption(true, 0) };
    private Stream input = Stream.Null;

    public static async Task<FuzzConnection> ConnectAsync(Uri address)
    {
        var connection = new FuzzConnection();
        await connection.client.ConnectAsync(address.Host, address.Port);
        connection.input = new BufferedStream(connection.client.GetStream());
        return connection;
    }

    /// <summary>Sends the bytes and reads the responses.</summary>
    /// <returns>The responses, and whether the connection can be used again.</returns>
    public async Task<(List<RawAnswer> Answers, bool Reusable)> SendAsync(FuzzCase fuzz)
    {
        var answers = new List<RawAnswer>();
        try
        {
            await client.GetStream().WriteAsync(fuzz.Bytes);
            if (fuzz.Ending == Ending.Abandoned)
                return (answers, false);
            using var patience = new CancellationTokenSource(fuzz.Ending == Ending.Open ? Silence : Patience);
            foreach (var method in fuzz.Methods)
            {
                answers.Add(await ReadAsync(method, patience.Token));
                if (answers[^1].Headers.GetValueOrDefault("Connection")?.Contains("close", StringComparison.OrdinalIgnoreCase) == true)
                    return (answers, false);
            }

            return (answers, fuzz.Ending == Ending.Answered);
        }
        catch (IOException) when (fuzz.Ending != Ending.Answered)
        {
            return (answers, false);
        }
        catch (OperationCanceledException) when (fuzz.Ending == Ending.Open)
        {
            return (answers, false);
        }
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<RawAnswer> ReadAsync(string method, CancellationToken cancellationToken)
    {
        int status;
        Dictionary<string, string> fields;
        do
        {
            var line = await LineAsync(cancellationToken);
            StatusLine().IsMatch(line).ShouldBeTrue($"No status line: '{line}'");
            status = int.Parse(line.AsSpan(9, 3), CultureInfo.InvariantCulture);
            fields = new(StringComparer.OrdinalIgnoreCase);
            while ((line = await LineAsync(cancellationToken)).Length > 0)
            {
                var field = Field().Match(line);
                field.Success.ShouldBeTrue($"No header: '{line}'");
                fields.TryAdd(field.Groups[1].Value, field.Groups[2].Value).ShouldBeTrue($"Twice: '{line}'");
            }
        }
        while (status is 100);

        fields.ShouldContainKey("Content-Length");
        fields.ShouldNotContainKey("Transfer-Encoding");
        var body = new byte[method == "HEAD" || status == 304
            ? 0
            : int.Parse(fields["Content-Length"], NumberStyles.None, CultureInfo.InvariantCulture)];
        await input.ReadExactlyAsync(body, cancellationToken);
        return new(status, fields, body);
    }

    private async Task<string> LineAsync(CancellationToken cancellationToken)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (true)
        {
            if (await input.ReadAsync(one, cancellationToken) == 0)
                throw new EndOfStreamException($"The connection ended after '{Encoding.Latin1.GetString([.. line])}'.");
            if (one[0] == '\n')
                break;
            line.Add(one[0]);
        }

        line[^1].ShouldBe((byte)'\r');
        return Encoding.Latin1.GetString([.. line[..^1]]);
    }

    [GeneratedRegex(@"^HTTP/1\.1 [1-5]\d\d [\x20-\x7e]*$")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\x20-\x7e]*)$")]
    private static partial Regex Field();
}
