namespace Burrow.Access;

/// <summary>
/// Limits how much weight is in use at a time, and shares it fairly. Each owner has a limit of its own. Requests beyond a limit wait.
/// The owners are served in turn, and the requests of one owner in their order. So an owner that asks for much delays its own requests,
/// not those of others. Safe for concurrent use.
/// </summary>
/// <param name="capacity">The greatest weight in use at a time.</param>
internal sealed class FairLimiter(long capacity)
{
    /// <summary>Shares that are kept while they are not in use, so that a few owners need no new ones for each request.</summary>
    private const int MaxIdleShares = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Share> shares = [];

    /// <summary>The owners with waiting requests, the next to be served first.</summary>
    private readonly LinkedList<Share> turns = [];

    private long used;
    private int waiting;

    /// <summary>The greatest weight in use at a time.</summary>
    public long Capacity => capacity;

    /// <summary>Whether nothing is in use and no request waits.</summary>
    public bool IsIdle
    {
        get
        {
            lock (gate)
                return used == 0 && waiting == 0;
        }
    }

    /// <summary>The weight in use.</summary>
    public long Used
    {
        get
        {
            lock (gate)
                return used;
        }
    }

    /// <summary>How many requests wait.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return waiting;
        }
    }

    /// <summary>How many requests of one owner wait, and the weight that it uses.</summary>
    public (int Waiting, long Used) Of(string owner)
    {
        lock (gate)
            return shares.TryGetValue(owner, out var share) ? (share.Count, share.Used) : (0, 0);
    }

    /// <summary>Waits until there is room for the weight.</summary>
    /// <param name="owner">The owner that uses it.</param>
    /// <param name="max">The greatest weight of the owner at a time.</param>
    /// <param name="weight">The weight. What is heavier than a limit is served alone.</param>
    /// <param name="isResumed">
    /// Whether the request has waited for something else. These take turns with the owner's new requests, so that neither kind waits
    /// for all of the other.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lease, to be disposed when the weight is not in use any more.</returns>
    public ValueTask<Lease> AcquireAsync(string owner, long max, long weight, bool isResumed, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (gate)
        {
            if (TryAcquire(owner, max, weight) is { } lease)
                return new(lease);
            var share = ShareOf(owner, max);
            waiter = new Waiter(new Lease(this, share), weight);
            waiter.Node = share.Enqueue(waiter, isResumed);
            waiting++;
            if (share.Count == 1)
                turns.AddLast(share);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <summary>The lease, if there is room for the weight now, and no other request waits for it; else null.</summary>
    public Lease? TryAcquire(string owner, long max, long weight)
    {
        lock (gate)
        {
            var share = ShareOf(owner, max);
            if (share.Count > 0 || !HasRoom(share, weight) || IsAwaited())
                return null;
            var lease = new Lease(this, share);
            Take(lease, weight);
            return lease;
        }
    }

    /// <summary>A lease that uses nothing yet.</summary>
    public Lease Open(string owner, long max)
    {
        lock (gate)
            return new(this, ShareOf(owner, max));
    }

    private async ValueTask<Lease> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        await using var cancellation = cancellationToken.UnsafeRegister(_ => Cancel(waiter, cancellationToken), null);
        await waiter.Served.Task;
        return waiter.Lease;
    }

    private Share ShareOf(string owner, long max)
    {
        if (!shares.TryGetValue(owner, out var share))
            shares[owner] = share = new(owner);
        share.Max = max;
        return share;
    }

    /// <summary>Whether a weight is within both limits. What is heavier than that is served alone.</summary>
    private bool HasRoom(Share share, long weight) =>
        (used + weight <= capacity || used == 0) && IsWithinShare(share, weight);

    private static bool IsWithinShare(Share share, long weight) => share.Used + weight <= share.Max || share.Used == 0;

    /// <summary>
    /// Whether a waiting request needs only room, so that no later request may pass it. One that waits at its own limit may be passed.
    /// </summary>
    private bool IsAwaited()
    {
        foreach (var share in turns)
        {
            if (IsWithinShare(share, share.Next.Weight))
                return true;
        }

        return false;
    }

    /// <summary>Serves waiting requests while there is room. An owner at its own limit is passed over.</summary>
    private void Serve()
    {
        for (var turn = turns.First; turn is not null;)
        {
            var (share, next) = (turn.Value, turn.Next);
            var waiter = share.Next;
            if (!IsWithinShare(share, waiter.Weight))
            {
                turn = next;
                continue;
            }

            // No other owner's request passes this one, so that heavy requests get their turn.
            if (!HasRoom(share, waiter.Weight))
                return;
            Take(waiter.Lease, waiter.Weight);
            Remove(share, waiter);
            share.Alternate();
            turns.Remove(turn);
            if (share.Count > 0)
                turns.AddLast(share);
            waiter.Served.SetResult();
            turn = turns.First;
        }
    }

    private void Remove(Share share, Waiter waiter)
    {
        waiter.Node!.List!.Remove(waiter.Node);
        waiting--;
        Forget(share);
    }

    private void Take(Lease lease, long weight)
    {
        used += weight;
        lease.Share.Used += weight;
        lease.Weight += weight;
    }

    private void Cancel(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (waiter.Served.Task.IsCompleted)
                return;
            var share = waiter.Lease.Share;
            Remove(share, waiter);
            if (share.Count == 0)
                turns.Remove(share);
            Serve();
        }

        waiter.Served.TrySetCanceled(cancellationToken);
    }

    private void Forget(Share share)
    {
        if (shares.Count > MaxIdleShares && share.Used == 0 && share.Count == 0)
            shares.Remove(share.Owner);
    }

    private bool TryGrow(Lease lease, long weight, bool force)
    {
        lock (gate)
        {
            // A lease without weight does not keep its share, so the owner may have another one now.
            if (lease.Weight == 0)
                lease.Share = ShareOf(lease.Share.Owner, lease.Share.Max);
            if (!force && (used + weight > capacity || lease.Share.Used + weight > lease.Share.Max || IsAwaited()))
                return false;
            Take(lease, weight);
            return true;
        }
    }

    private void Shrink(Lease lease, long weight)
    {
        lock (gate)
        {
            var released = lease.Weight - weight;
            if (released <= 0)
                return;
            lease.Weight = weight;
            used -= released;
            lease.Share.Used -= released;
            Forget(lease.Share);
            Serve();
        }
    }

    /// <summary>What one request uses. Dispose it once.</summary>
    internal sealed class Lease(FairLimiter limiter, Share share) : IDisposable
    {
        /// <summary>The weight in use.</summary>
        public long Weight { get; internal set; }

        /// <summary>Whether requests wait for what is in use.</summary>
        public bool IsAwaited => limiter.Waiting > 0;

        internal Share Share { get; set; } = share;

        /// <summary>Uses more, if there is room and no request waits for it.</summary>
        public bool TryGrow(long weight) => limiter.TryGrow(this, weight, force: false);

        /// <summary>Uses more, even beyond the limits: for what is in use already.</summary>
        public void Grow(long weight) => limiter.TryGrow(this, weight, force: true);

        /// <summary>Uses no more than this weight from now on.</summary>
        public void Shrink(long weight) => limiter.Shrink(this, weight);

        /// <inheritdoc/>
        public void Dispose() => Shrink(0);
    }

    /// <summary>What one owner uses, and its waiting requests.</summary>
    internal sealed class Share(string owner)
    {
        private readonly LinkedList<Waiter> fresh = [];
        private readonly LinkedList<Waiter> resumed = [];
        private bool isResumedNext;

        public string Owner => owner;

        public long Max { get; set; }

        public long Used { get; set; }

        public int Count => fresh.Count + resumed.Count;

        /// <summary>The request to be served next.</summary>
        public Waiter Next => ((isResumedNext && resumed.Count > 0) || fresh.Count == 0 ? resumed : fresh).First!.Value;

        public LinkedListNode<Waiter> Enqueue(Waiter waiter, bool isResumed) => (isResumed ? resumed : fresh).AddLast(waiter);

        /// <summary>Makes the other kind of requests the next.</summary>
        public void Alternate() => isResumedNext = !isResumedNext;
    }

    /// <summary>A request that waits.</summary>
    internal sealed class Waiter(Lease lease, long weight)
    {
        public Lease Lease => lease;

        public long Weight => weight;

        public LinkedListNode<Waiter>? Node { get; set; }

        public TaskCompletionSource Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
