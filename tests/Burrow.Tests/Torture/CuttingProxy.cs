using System.Net;
using System.Net.Sockets;

namespace Burrow.Tests.Torture;

/// <summary>Passes connections on to a server, and cuts each after a random number of bytes in one of its directions.</summary>
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

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Stop();
        await accepting;
        closing.Dispose();
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
            await other.ConnectAsync(server.Host, server.Port, closing.Token);
            var (up, down) = random.Next(2) == 0 ? (random.Next(most), int.MaxValue) : (int.MaxValue, random.Next(most));
            await Task.WhenAny(CopyAsync(one, other, up), CopyAsync(other, one, down));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The process that is tested may be gone. The client sees its connection end.
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, int left)
    {
        var buffer = new byte[4096];
        try
        {
            while (await from.GetStream().ReadAsync(buffer, closing.Token) is > 0 and var read)
            {
                await to.GetStream().WriteAsync(buffer.AsMemory(0, Math.Min(read, left)), closing.Token);
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
}
