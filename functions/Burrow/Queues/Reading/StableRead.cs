using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>
/// Reads a message that has several rows. Other processes may change it between two reads. Then it is read again, until all its rows
/// are of one change.
/// </summary>
internal static class StableRead
{
    /// <summary>Reads until an attempt finds a stable state.</summary>
    /// <param name="context">The clock, for the pause between attempts.</param>
    /// <param name="attempt">Reads once. Not stable: the message was changed meanwhile. Stable with null: there is no message.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="UnavailableException">
    /// The message changed during each of <see cref="QueueLimits.MaxStableReadTries"/> more attempts.
    /// </exception>
    public static async Task<T?> UntilStableAsync<T>(
        this QueueContext context, Func<Task<(bool IsStable, T? Result)>> attempt, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var (isStable, result) = await attempt();
            if (isStable)
                return result;
            if (tries == QueueLimits.MaxStableReadTries)
                throw new UnavailableException("The message is changed by others faster than it can be read.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }
}
