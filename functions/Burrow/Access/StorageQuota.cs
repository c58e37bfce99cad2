using Burrow.Queues;

namespace Burrow.Access;

/// <summary>Limits what an account stores. The usage is approximate (<see cref="QueueEngine.UsageAsync"/>).</summary>
internal sealed class StorageQuota(QueueEngine queues)
{
    /// <summary>Requires room for messages. Puts that are under way do not count yet.</summary>
    /// <exception cref="QuotaExceededException">The account has no room.</exception>
    public async ValueTask RequireAsync(QueueAddress queue, int messages, long bytes, AccountLimits limits)
    {
        if (limits.HasUnlimitedStorage)
            return;
        var (stored, holds) = await queues.UsageAsync(queue);
        if (stored.Messages + messages > limits.Messages)
        {
            throw new QuotaExceededException(
                $"This account may store {limits.Messages} messages, and has {stored.Messages}. Nothing was stored.");
        }

        if (stored.Bytes + bytes > limits.Bytes)
            throw new QuotaExceededException($"This account may store {limits.Bytes} bytes, and has {stored.Bytes}. Nothing was stored.");
        if (stored.Queues >= limits.Queues && !holds)
            throw new QuotaExceededException($"This account may have {limits.Queues} queues, and has {stored.Queues}. Nothing was stored.");
    }
}
