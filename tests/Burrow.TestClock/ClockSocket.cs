using System.Globalization;
using System.Net.Sockets;

namespace Burrow.TestClock;

/// <summary>
/// The commands by which one process moves the clock of another, over a Unix domain socket: a line each way on every connection. A
/// command is a word and a time in ticks.
/// </summary>
internal static class ClockSocket
{
    public const string Now = "now";
    public const string Advance = "advance";
    public const string Watch = "watch";
    public const string Begun = "begun";
    public const string Ended = "ended";

    /// <summary>Serves a clock until the process ends.</summary>
    /// <param name="path">The socket's path.</param>
    /// <param name="time">The clock.</param>
    public static async Task ServeAsync(string path, TestTime time)
    {
        using var listener = NewSocket();
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        while (true)
        {
            var connection = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
            _ = Task.Run(() => AnswerAsync(connection, time));
        }
    }

    /// <summary>Connects to the clock of another process.</summary>
    /// <exception cref="SocketException">No process serves it.</exception>
    public static NetworkStream Connect(string path)
    {
        var socket = NewSocket();
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new(socket, ownsSocket: true);
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static async Task AnswerAsync(NetworkStream connection, TestTime time)
    {
        using var reader = new StreamReader(connection);
        await using var writer = new StreamWriter(connection) { AutoFlush = true };
        var command = (await reader.ReadLineAsync())!.Split(' ');
        var ticks = long.Parse(command[1], CultureInfo.InvariantCulture);
        var answer = 0L;
        switch (command[0])
        {
            case Now:
                answer = time.GetUtcNow().Ticks;
                break;
            case Advance:
                time.Advance(new(ticks));
                break;
            case Watch:
                time.Watch();
                break;
            case Begun:
                await time.BegunAsync(new(ticks));
                break;
            case Ended:
                await time.EndedAsync(new(ticks));
                break;
        }

        await writer.WriteLineAsync(answer.ToString(CultureInfo.InvariantCulture));
    }
}
