using Burrow.Queues.Rows;

namespace Burrow.Queues.Relays;

/// <summary>
/// A link that this process works on. Each lease has a higher epoch than all before it, so the other side refuses what a process sends
/// after another one has taken its place. Correctness rests on that alone; the lease itself only saves work.
/// </summary>
internal sealed class RelayLease
{
    private readonly QueueContext context;
    private readonly RelayTable table;

    private RelayLease(QueueContext context, RelayTable table, RelayLink link, bool beganSettled) =>
        (this.context, this.table, Link, BeganSettled) = (context, table, link, beganSettled);

    /// <summary>The link as this process wrote it last.</summary>
    public RelayLink Link { get; private set; }

    /// <summary>
    /// Whether all that was sent before was answered for. If the link was long unused, the other side is asked in any case.
    /// </summary>
    public bool BeganSettled { get; }

    /// <summary>Whether another process has the link now.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Takes a link that no other process has.</summary>
    /// <returns>Null: another process was faster.</returns>
    public static async Task<RelayLease?> TakeAsync(QueueContext context, RelayTable table, RelayLink link)
    {
        var mine = Extend(context, link) with { Holder = Revisions.New(context.Random), Epoch = link.Epoch + 1, IsSettled = false };
        var beganSettled = link.IsSettled && !link.IsForgotten(context.Now);
        if (await table.WriteAsync(mine, CancellationToken.None) is { } written)
            return new(context, table, written, beganSettled);
        // After an attempt of unknown outcome, the row may be this process's own.
        return await table.ReadAsync(link.Queue, CancellationToken.None) is { } found && found.Holder == mine.Holder
            ? new(context, table, found, beganSettled)
            : null;
    }

    /// <summary>Keeps the link for longer, once half of the time is over, and notes how far the other side is.</summary>
    /// <returns>False: the lease is lost.</returns>
    public async Task<bool> RenewAsync(long? sent)
    {
        if (Link.Until - context.Now > RelayLimits.Lease.Ticks / 2)
            return !IsLost;
        return await WriteAsync(link => link with { Sent = sent });
    }

    /// <summary>Whether this process still has the link: it is read.</summary>
    public async Task<bool> IsHeldAsync()
    {
        IsLost = IsLost || (await table.ReadAsync(Link.Queue, CancellationToken.None))?.Holder != Link.Holder;
        return !IsLost;
    }

    /// <summary>Changes the link, and keeps it.</summary>
    /// <returns>False: the lease is lost.</returns>
    public async Task<bool> WriteAsync(Func<RelayLink, RelayLink> change)
    {
        while (!IsLost)
        {
            if (await table.WriteAsync(change(Extend(context, Link)), CancellationToken.None) is { } written)
            {
                Link = written;
                return true;
            }

            // An earlier write of this process, of unknown outcome, may have changed the row. The change is made to what is there.
            if (await table.ReadAsync(Link.Queue, CancellationToken.None) is not { } found || found.Holder != Link.Holder)
                IsLost = true;
            else
                Link = found;
        }

        return false;
    }

    /// <summary>Changes the link, and lets it go.</summary>
    public Task ReleaseAsync(Func<RelayLink, RelayLink> change) => WriteAsync(link => change(link) with { Holder = null, Until = 0 });

    private static RelayLink Extend(QueueContext context, RelayLink link) =>
        link with { Until = context.Now + RelayLimits.Lease.Ticks };
}
