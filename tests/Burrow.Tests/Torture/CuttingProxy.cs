using System.Net;
using System.Net.Sockets;

namespace Burrow.Tests.Torture;

/// <summary>
/// Passes connections on to a server, and cuts each after a random number of bytes in one of its directions. It may also delay what it
/// passes on, and send a request a second time.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly Task accepting;
    private readonly Uri server;
    private readonly Random random;
    private readonly int most;

    /// <param name="server">The server.</param>
    /// <param name="random">Decides where connections are cut.</param>
    /// <param name="most">A connection carries fewer bytes than this in that direction.</param>
    public CuttingProxy(Uri server, Random random, int most)
    {
        (this.server, this.random, this.most) = (server, random, most);
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    /// <summary>How many connections were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>How long what is read may wait before it is passed on.</summary>
    public TimeSpan LongestDelay { get; init; }

    /// <summary>The share of what clients send that is sent again, on a connection of its own; its answer is lost.</summary>
    public double RepeatedShare { get; init; }

    /// <summary>How often that was done.</summary>
    public int Repeats { get; private set; }

    /// <summary>How much is passed on at a time, at most.</summary>
    public int BufferBytes { get; init; } = 4096;

    /// <summary>Whether the line is dead: nothing is passed on, and every connection ends.</summary>
    public bool IsBlackedOut { get; set; }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Stop();
        await accepting;
        closing.Dispose();
    }

    /// <summary>From 0 to 1. Connections share the source, which is for one at a time.</summary>
    private double Chance()
    {
        lock (random)
            return random.NextDouble();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        while (!closing.IsCancellationRequested)
        {
            try
            {
                connections.Add(PassAsync(await listener.AcceptTcpClientAsync(closing.Token)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                break;
            }
        }

        await Task.WhenAll(connections);
    }

    private async Task PassAsync(TcpClient client)
    {
        using var one = client;
        using var other = new TcpClient();
        try
        {
            if (IsBlackedOut)
                return;
            await other.ConnectAsync(server.Host, server.Port, closing.Token);
            var (up, down) = Chance() < 0.5 ? ((int)(Chance() * most), int.MaxValue) : (int.MaxValue, (int)(Chance() * most));
            await Task.WhenAny(CopyAsync(one, other, up, RepeatedShare), CopyAsync(other, one, down, 0));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The process that is tested may be gone. The client sees its connection end.
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, int left, double repeated)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.GetStream().ReadAsync(buffer, closing.Token) is > 0 and var read)
            {
                if (LongestDelay > TimeSpan.Zero)
                    await Task.Delay(LongestDelay * Chance(), closing.Token);
                if (IsBlackedOut)
                    return;
                await to.GetStream().WriteAsync(buffer.AsMemory(0, Math.Min(read, left)), closing.Token);
                if (Chance() < repeated)
                    _ = RepeatAsync(buffer[..read]);
                left -= Math.Min(read, left);
                if (left > 0)
                    continue;
                Cuts++;
                return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The other direction was cut.
        }
    }

    /// <summary>Sends what a client sent, which is a whole request where that is small, and reads a part of the answer.</summary>
    private async Task RepeatAsync(byte[] sent)
    {
        try
        {
            using var again = new TcpClient();
            await again.ConnectAsync(server.Host, server.Port, closing.Token);
            await again.GetStream().WriteAsync(sent, closing.Token);
            Repeats++;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(closing.Token);
            patience.CancelAfter(TimeSpan.FromSeconds(2));
            await again.GetStream().ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, patience.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // Its answer is not needed.
        }
    }
}
