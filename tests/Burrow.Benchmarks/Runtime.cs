namespace Burrow.Benchmarks;

/// <summary>The settings of this program's own runtime, which keep the cost of the load small beside the server.</summary>
internal static class Runtime
{
    /// <summary>Makes code continue where a response arrived, without a turn through the thread pool.</summary>
    public const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Applies the settings. It must run before the first socket is opened.</summary>
    public static void Configure() => Environment.SetEnvironmentVariable(InlineCompletions, "1");
}
