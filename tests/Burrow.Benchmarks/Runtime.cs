namespace Burrow.Benchmarks;

/// <summary>How this program's own runtime is set, so that load costs little beside the server.</summary>
internal static class Runtime
{
    /// <summary>Carries on where an answer arrived, without a turn through the thread pool.</summary>
    public const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Before the first socket is opened.</summary>
    public static void Configure() => Environment.SetEnvironmentVariable(InlineCompletions, "1");
}
