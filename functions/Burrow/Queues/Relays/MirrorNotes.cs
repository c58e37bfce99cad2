using System.Collections.Concurrent;
using Burrow.Queues.Rows;
using Burrow.Queues.Settings;

namespace Burrow.Queues.Relays;

/// <summary>
/// Has each change of a mirrored message told to its relay, in the change's own transaction (docs/design/relays.md, "Mirror"). The message
/// itself says that it is mirrored, so no change is overlooked, however old the settings are that this process remembers.
/// </summary>
internal sealed class MirrorNotes(QueueContext context, QueueSettings settings)
{
    private const int MaxGone = 1000;

    /// <summary>Relays that were deleted. None of them ever comes back.</summary>
    private readonly ConcurrentDictionary<string, bool> gone = new();

    /// <summary>Adds the row of each change that is told. Costs nothing where no message is mirrored.</summary>
    public async ValueTask<IReadOnlyList<MessageWrite>> CompleteAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> writes, CancellationToken cancellationToken)
    {
        if (!writes.Any(write => write.Before.Mirror is not null))
            return writes;
        var holding = await HoldingAsync(queue, [.. writes.Select(write => write.Before.Mirror).OfType<string>()], cancellationToken);
        return [.. writes.Select(write => Complete(write, holding))];
    }

    /// <summary>The incarnation of the relay that holds for a queue; null: none does.</summary>
    private async Task<string?> HoldingAsync(QueueAddress queue, HashSet<string> mirrors, CancellationToken cancellationToken)
    {
        var holding = (await settings.OfAsync(queue.Account)).RelayOf(queue.Queue)?.Incarnation;
        if (mirrors.All(mirror => mirror == holding || gone.ContainsKey(mirror)))
            return holding;
        // Either what the message says is right, or what this process remembers.
        var now = await settings.ReadAsync(queue.Account, cancellationToken);
        if (gone.Count > MaxGone)
            gone.Clear();
        foreach (var mirror in mirrors.Where(mirror => now.RelayOf(mirror) is null))
            gone[mirror] = true;
        return now.RelayOf(queue.Queue)?.Incarnation;
    }

    private MessageWrite Complete(MessageWrite write, string? holding)
    {
        if (write.Before.Mirror is not { } mirror)
            return write;
        if (mirror == holding)
            return IsTold(write, context.Now) ? write.With(ChangeRow.Of(write.Before, mirror, context.Now)) : write;
        // Where another relay takes over, it looks through the whole queue.
        return write.After is { } after ? write.WithAfter(after with { Mirror = null }) : write;
    }

    /// <summary>Whether the other side must know. Hides and claims stay here, and what expires here expires there.</summary>
    private static bool IsTold(MessageWrite write, long now)
    {
        var before = write.Before;
        return write.After is { } after
            ? (before.DiedAt, before.ExpiresAt, before.BodyRevision) != (after.DiedAt, after.ExpiresAt, after.BodyRevision)
                || (after.DiedAt != 0 && write.ChangesCauses)
            : before.LifeAt(now) != MessageLife.None;
    }
}
