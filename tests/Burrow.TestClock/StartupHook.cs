using System.Diagnostics;
using System.Runtime.Loader;
using Burrow.TestClock;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

/// <summary>
/// Gives the process that it starts in a <see cref="TestTime"/>, in place of the time of day. .NET finds this type by its name, through
/// DOTNET_STARTUP_HOOKS.
/// </summary>
internal static class StartupHook
{
    /// <summary>The environment variable with the path of the socket that moves the clock.</summary>
    public const string SocketVariable = "BURROW_TEST_CLOCK";

    /// <summary>The environment variable with the name of the program. The programs that start it have the same variables.</summary>
    public const string ProgramVariable = "BURROW_TEST_CLOCK_PROGRAM";

    /// <summary>Called by .NET before the program's own entry point.</summary>
    public static void Initialize()
    {
        if (AppDomain.CurrentDomain.FriendlyName != Environment.GetEnvironmentVariable(ProgramVariable))
            return;
        // The program's folder has none of what this assembly needs.
        var folder = Path.GetDirectoryName(typeof(StartupHook).Assembly.Location)!;
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            Path.Combine(folder, $"{name.Name}.dll") is var file && File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        Start(Environment.GetEnvironmentVariable(SocketVariable)!);
    }

    private static void Start(string path)
    {
        var time = new TestTime();
        _ = ClockSocket.ServeAsync(path, time);
        DiagnosticListener.AllListeners.Subscribe(new Observer<DiagnosticListener>(listener =>
        {
            if (listener.Name == "Microsoft.Extensions.Hosting")
                listener.Subscribe(new Observer<KeyValuePair<string, object?>>(happened => Replace(happened, time)));
        }));
    }

    /// <summary>Registers the clock in a host that is about to be built. The last registration of a service counts.</summary>
    private static void Replace(KeyValuePair<string, object?> happened, TestTime time)
    {
        if (happened is { Key: "HostBuilding", Value: IHostBuilder builder })
            builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(time));
    }

    private sealed class Observer<T>(Action<T> next) : IObserver<T>
    {
        public void OnNext(T value) => next(value);

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
