using System.Globalization;

namespace Burrow.Tests.Torture;

/// <summary>How much of it: a little with every run, a lot with <c>BURROW_TORTURE=full</c>, by the same code.</summary>
internal static class TortureSize
{
    /// <summary>How often the local process is killed.</summary>
    public static int Kills => Of(20, 200);

    /// <summary>How often it is killed while it tells of what was put.</summary>
    public static int KillsWhileTelling => Of(5, 50);

    /// <summary>How often storage goes away and comes back.</summary>
    public static int Outages => Of(1, 5);

    public static int FuzzedRequests => Of(5_000, 50_000);

    /// <summary>Queues that are waited on.</summary>
    public static int WaitedQueues => Of(125, 500);

    /// <summary>What all that is random begins with; <c>BURROW_TORTURE_SEED</c> makes it another.</summary>
    public static int Seed =>
        int.TryParse(
            Environment.GetEnvironmentVariable("BURROW_TORTURE_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : 1;

    private static int Of(int quick, int full) => Environment.GetEnvironmentVariable("BURROW_TORTURE") == "full" ? full : quick;
}

/// <summary>One after another and after all else: these tests take both the machine and time from others.</summary>
[CollectionDefinition(nameof(TortureCollection), DisableParallelization = true)]
public sealed class TortureCollection;
