using System.Globalization;

namespace Burrow.TestClock;

/// <summary>The clock of a program that was started with the variables of <see cref="Environment"/>.</summary>
/// <param name="program">The program's name: that of its assembly, without the extension.</param>
public sealed class RemoteTime(string program) : ITestTime, IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"burrow-{Guid.NewGuid():n}");

    /// <summary>The environment variables that give the program this clock, if it builds a .NET host.</summary>
    public IReadOnlyList<(string Name, string? Value)> Environment =>
    [
        ("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location),
        (StartupHook.SocketVariable, path),
        (StartupHook.ProgramVariable, program),
    ];

    /// <inheritdoc/>
    public DateTimeOffset GetUtcNow() => new(Send(ClockSocket.Now), TimeSpan.Zero);

    /// <inheritdoc/>
    public void Advance(TimeSpan delta) => Send(ClockSocket.Advance, delta);

    /// <inheritdoc/>
    public void Watch() => Send(ClockSocket.Watch);

    /// <inheritdoc/>
    public Task BegunAsync(TimeSpan wait) => Task.Run(() => Send(ClockSocket.Begun, wait));

    /// <inheritdoc/>
    public Task EndedAsync(TimeSpan wait) => Task.Run(() => Send(ClockSocket.Ended, wait));

    /// <summary>Removes the socket's file.</summary>
    public void Dispose() => File.Delete(path);

    private long Send(string command, TimeSpan time = default)
    {
        using var connection = ClockSocket.Connect(path);
        using var writer = new StreamWriter(connection, leaveOpen: true) { AutoFlush = true };
        using var reader = new StreamReader(connection, leaveOpen: true);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{command} {time.Ticks}"));
        return reader.ReadLine() is { } answer
            ? long.Parse(answer, CultureInfo.InvariantCulture)
            : throw new TimeoutException($"The process did not do this in time: {command} {time}.");
    }
}
