
namespace Burrow.Client.Cli;

/// <summary>How the program ends (docs/cli.md).</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>The service refused the request.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Nothing is there, or nothing matches.</summary>
    public const int NotFound = 3;

    /// <summary>The service does not answer, or is too busy: the same command may succeed later.</summary>
    public const int Unavailable = 4;

    /// <summary>Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;

    public static int Of(Exception e) => e switch
    {
        BurrowUnavailableException or BurrowBusyException
            or BurrowBatchException { InnerException: BurrowUnavailableException or BurrowBusyException } => Unavailable,
        OperationCanceledException => Interrupted,
        OutputClosedException => Done,
        UsageException or ArgumentException => Usage,
        _ => Refused,
    };
}

/// <summary>The reader of the output has gone.</summary>
internal sealed class OutputClosedException(Exception inner) : IOException("The reader of the output has gone.", inner);

/// <summary>The command line is wrong, in a way that only its use shows.</summary>
internal sealed class UsageException(string message) : Exception(message);
