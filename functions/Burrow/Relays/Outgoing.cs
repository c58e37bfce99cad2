using System.Net;
using System.Net.Sockets;

namespace Burrow.Relays;

/// <summary>What the connections have in common that this process itself opens to addresses that a tenant names.</summary>
internal static class Outgoing
{
    /// <summary>Whether a URL names this machine: <c>localhost</c>, or a loopback address.</summary>
    public static bool IsLoopback(Uri uri) =>
        uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>Opens a connection over TCP, which owns its socket.</summary>
    /// <param name="connect">Connects the socket.</param>
    public static async ValueTask<Stream> OpenAsync(Func<Socket, ValueTask> connect)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await connect(socket);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
