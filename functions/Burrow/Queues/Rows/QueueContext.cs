using Burrow.Tables;
using Burrow.Tables.Wrappers;
using Microsoft.Extensions.Logging;

namespace Burrow.Queues.Rows;

/// <summary>What every part of the engine uses. All time, delays and randomness come from here (docs/design/simulation.md).</summary>
internal sealed class QueueContext(ITableStore store, TimeProvider time, Random random, QueueOptions options, ILogger logger)
{
    public const string MessagesTable = "messages";
    public const string DirectoryTable = "dir";
    public const string DueTable = "due";

    private static readonly Backoff ConflictBackoff = new(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1));

    public ITable Messages { get; } = new RetryingTable(store.Open(MessagesTable), time, random);

    public ITable Directory { get; } = new RetryingTable(store.Open(DirectoryTable), time, random);

    public ITable Due { get; } = new RetryingTable(store.Open(DueTable), time, random);

    public TimeProvider Time => time;

    public Random Random => random;

    public QueueOptions Options => options;

    public ILogger Logger => logger;

    /// <summary>Opens another table of the engine. Its requests are not retried when storage fails.</summary>
    public ITable OpenWithoutRetries(string name) => store.Open(name);

    /// <summary>The present instant, UTC ticks.</summary>
    public long Now => time.GetUtcNow().UtcTicks;

    /// <summary>Waits about one round trip after a conflict with another process, and longer after each further conflict.</summary>
    public Task BackOffAsync(int tries, CancellationToken cancellationToken) =>
        Task.Delay(ConflictBackoff.Delay(tries, random), time, cancellationToken);
}
