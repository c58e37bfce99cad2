using Burrow.Queues;

namespace Burrow.Access;

/// <summary>Limits what an account stores. The usage is approximate (<see cref="QueueEngine.UsageAsync"/>).</summary>
internal sealed class StorageQuota(QueueEngine queues)
{
    /// <summary>Requires room for messages. Puts that are under way do not count yet.</summary>
    /// <param name="queue">The queue that they are put into.</param>
    /// <param name="messages">How many messages.</param>
    /// <param name="bytes">The bytes of their bodies.</param>
    /// <param name="limits">The account's limits.</param>
    /// <param name="isNarrow">
    /// Whether the caller's key is not for the whole account. Then the error does not show the account's usage.
    /// </param>
    /// <exception cref="QuotaExceededException">The account has no room.</exception>
    public async ValueTask RequireAsync(QueueAddress queue, int messages, long bytes, AccountLimits limits, bool isNarrow)
    {
        if (limits.HasUnlimitedStorage)
            return;
        var (stored, inQueue) = await queues.UsageAsync(queue);
        if (ErrorOf(stored, messages, bytes, limits) is { } error)
            throw Exceeded(error);
        if (stored.Queues >= limits.Queues && inQueue == 0)
            throw Exceeded($"This account may have {limits.Queues} queues, and has {stored.Queues}.");

        QuotaExceededException Exceeded(string text) =>
            new((isNarrow ? "This account stores as much as it may." : text) + " Nothing was stored.");
    }

    /// <summary>Whether a body that finds no room may be stored all the same, because it replaces that of a message.</summary>
    /// <returns>Null: there is no such message.</returns>
    public async Task<bool?> MayReplaceAsync(
        QueueAddress queue, MessageId id, long bytes, AccountLimits limits, CancellationToken cancellationToken)
    {
        if (await queues.LengthOfAsync(queue, id, cancellationToken) is not { } replaced)
            return null;
        var (stored, _) = await queues.UsageAsync(queue);
        return bytes <= replaced || ErrorOf(stored, 0, bytes - replaced, limits) is null;
    }

    private static string? ErrorOf(AccountUsage stored, int messages, long bytes, AccountLimits limits)
    {
        if (messages > 0 && stored.Messages + messages > limits.Messages)
            return $"This account may store {limits.Messages} messages, and has {stored.Messages}.";
        return stored.Bytes + bytes > limits.Bytes ? $"This account may store {limits.Bytes} bytes, and has {stored.Bytes}." : null;
    }
}
