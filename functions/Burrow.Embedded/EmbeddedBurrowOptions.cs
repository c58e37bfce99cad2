using Microsoft.Extensions.Logging;

namespace Burrow.Embedded;

/// <summary>Where an embedded Burrow stores, and how it behaves.</summary>
public sealed class EmbeddedBurrowOptions
{
    /// <summary>
    /// The SQLite file, which is made if it is not there. Only one process has it at a time. Null: memory, and all is forgotten at the end.
    /// </summary>
    public string? File { get; set; }

    /// <summary>
    /// How long a message lives that names no time to live; null: 10 minutes, as a service has it;
    /// <see cref="Timeout.InfiniteTimeSpan"/>: for ever.
    /// </summary>
    public TimeSpan? DefaultTtl { get; set; }

    /// <summary>Where the log goes; null: nowhere.</summary>
    public ILoggerFactory? Loggers { get; set; }

    /// <summary>The clock; null: that of the system.</summary>
    public TimeProvider? Time { get; set; }
}
