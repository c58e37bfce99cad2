using System.Globalization;

namespace Burrow.Tests.Torture;

/// <summary>The size of the torture tests: small with every run, large with <c>BURROW_TORTURE=full</c>. The code is the same.</summary>
internal static class TortureSize
{
    /// <summary>How often the local process is killed.</summary>
    public static int Kills => Of(20, 200);

    /// <summary>How often the local process is killed while it sends events about puts.</summary>
    public static int KillsWhileTelling => Of(5, 50);

    /// <summary>How often storage goes away and comes back.</summary>
    public static int Outages => Of(1, 5);

    /// <summary>How many dead messages are redriven and purged while the local process is killed.</summary>
    public static int DeadMessages => Of(3_000, 100_000);

    /// <summary>How often it is killed while it redrives, and how often while it purges.</summary>
    public static int KillsOfRedrives => Of(2, 8);

    /// <summary>How many messages each group has while workers and the local process are killed, and how often the process is.</summary>
    public static int MessagesOfGroup => Of(40, 400);

    /// <inheritdoc cref="MessagesOfGroup"/>
    public static int KillsOfGroups => Of(3, 30);

    /// <summary>How many messages are moved and imported, and how often the command is killed meanwhile.</summary>
    public static int TransferredMessages => Of(3_000, 100_000);

    /// <inheritdoc cref="TransferredMessages"/>
    public static int KillsOfTransfers => Of(3, 30);

    /// <summary>After how long a transfer is killed at the latest, in milliseconds.</summary>
    public static int LongestTransfer => Of(1_500, 5_000);

    /// <summary>How many messages a worker handles behind a proxy that delays, cuts and repeats.</summary>
    public static int WorkedMessages => Of(1_000, 10_000);

    /// <summary>How many messages are relayed, and how often each of the two processes is killed meanwhile.</summary>
    public static int RelayedMessages => Of(1_600, 50_000);

    /// <inheritdoc cref="RelayedMessages"/>
    public static int KillsOfRelays => Of(1, 10);

    /// <summary>How often messages are put and changed under a mirror.</summary>
    public static int MirroredChanges => Of(600, 20_000);

    /// <summary>For how long the line between the two processes is dead.</summary>
    public static TimeSpan Blackout => TimeSpan.FromSeconds(Of(2, 60));

    /// <summary>How many groups wait while the requests of a claim are counted.</summary>
    public static int WaitingGroups => Of(20_000, 100_000);

    /// <summary>The deployments that are relayed between: their tables, and how many processes each has.</summary>
    public static TheoryData<string, int> Deployments => IsFull ? new() { { "sqlite", 1 }, { "azurite", 2 } } : new() { { "sqlite", 1 } };

    /// <summary>How many worlds of one deployment the simulation runs through, and how many of two with a mirror between them.</summary>
    public static int Seeds => Of(400, 1_000);

    /// <inheritdoc cref="Seeds"/>
    public static int SeedsOfMirrors => Of(300, 1_000);

    public static int FuzzedRequests => Of(5_000, 50_000);

    /// <summary>How many queues have waiting clients.</summary>
    public static int WaitedQueues => Of(125, 500);

    /// <summary>The seed of all randomness; <c>BURROW_TORTURE_SEED</c> sets another one.</summary>
    public static int Seed =>
        int.TryParse(
            Environment.GetEnvironmentVariable("BURROW_TORTURE_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : 1;

    /// <summary>Whether the run is a large one.</summary>
    public static bool IsFull => Environment.GetEnvironmentVariable("BURROW_TORTURE") == "full";

    private static int Of(int quick, int full) => IsFull ? full : quick;
}

/// <summary>These tests run one after another, and after all other tests, because they take processor and time from others.</summary>
[CollectionDefinition(nameof(TortureCollection), DisableParallelization = true)]
public sealed class TortureCollection;
