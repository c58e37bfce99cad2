using Burrow.Queues.Settings;

namespace Burrow.Queues.Relays;

/// <summary>What a relay finds out about the other side of one queue, before it sends anything under a lease.</summary>
internal sealed class RelayPeer(QueueSettings settings, IRelayWire wire, RelayStamp stamp)
{
    /// <summary>Characters of the hash in a producer's name: 130 bits.</summary>
    private const int HashLength = 26;

    /// <summary>The producer that a relay is at the other side. Another deployment, account, queue or relay is another producer.</summary>
    public static ProducerName ProducerOf(string stamp, Relay relay, QueueAddress queue) =>
        new($"{stamp}.{relay.Name}.{NameHash.Of(queue.Account.Value + "\0" + queue.Queue.Value)[..HashLength]}");

    /// <summary>
    /// Asks the other side how far it is, if the relay was put since it was asked last; a mirror also where an answer may have been lost.
    /// So to put a relay again allows it to pass the epoch by which it is known to be shut out. A link that begins knows no epoch, and
    /// passes any. From then on nothing arrives late that this side has sent before.
    /// </summary>
    /// <param name="lease">The lease.</param>
    /// <param name="relay">The relay.</param>
    /// <param name="isRefused">Whether something was refused that must not be carried out later, should it come twice.</param>
    /// <returns>Null: the link is ready to send.</returns>
    public async Task<RelayResult?> GreetAsync(RelayLease lease, Relay relay, bool isRefused = false)
    {
        var link = lease.Link;
        var wasPut = link.Generation < relay.Generation;
        // A mirror must know what has arrived of all that was ever sent.
        if (!wasPut && !isRefused && (relay.Mode == RelayMode.Copy || lease.BeganSettled))
            return null;
        var answer = await AskAsync(relay, link.Queue);
        if (answer.Status != 200)
            return RelayResult.Of(link.Sent, answer);
        var known = wasPut ? Math.Max(link.Epoch, link.FencedBy) : link.Epoch;
        if ((link.Generation > 0 && answer.Epoch > known) || answer.Epoch > long.MaxValue - RelayLimits.EpochsOfLink)
            return await StopAsync(lease, relay, answer.Last, answer);
        var highest = Math.Max(link.Epoch, answer.Epoch);
        // A link that begins leaves out what one before it may have used since: a batch of that one, which is late, is refused.
        var epoch = link.Generation > 0 ? highest + 1 : (highest / RelayLimits.EpochsOfLink + 1) * RelayLimits.EpochsOfLink;
        if (!await lease.WriteAsync(one => one with { Epoch = epoch, FencedBy = 0 }))
            return RelayResult.Lost;
        var own = await stamp.GetAsync(CancellationToken.None);
        var raised = await wire.SendAsync(
            relay, link.Queue.Queue, new(ProducerOf(own, relay, link.Queue), epoch, null, [], own), CancellationToken.None);
        if (raised.Status != 200)
            return await RefusalOfAsync(lease, relay, link.Sent, raised);
        // Only now its last number stays what it is.
        var after = await AskAsync(relay, link.Queue);
        if (after.Status != 200 || after.Epoch != epoch)
            return after.Status == 200 ? RelayResult.Lost : RelayResult.Of(link.Sent, after);
        if (link.Sent is { } sent && !(after.Last >= sent))
            return Forgotten(sent, after);
        var isReady = await lease.WriteAsync(one => one with { Generation = relay.Generation, Sent = after.Last, Peer = after.Stamp });
        return isReady ? null : RelayResult.Lost;
    }

    /// <summary>What it means that a batch was not carried out, or one of its messages.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="relay">The relay.</param>
    /// <param name="sent">The last number that the other side has.</param>
    /// <param name="answer">The answer, or that part of it.</param>
    public async Task<RelayResult> RefusalOfAsync(RelayLease lease, Relay relay, long? sent, RelayAnswer answer) =>
        answer.Status == 409 ? await ExplainAsync(lease, relay, sent) : RelayResult.Of(sent, answer);

    /// <inheritdoc cref="RefusalOfAsync(RelayLease, Relay, long?, RelayAnswer)"/>
    public Task<RelayResult> RefusalOfAsync(RelayLease lease, Relay relay, long? sent, MessageId id, RelayedItem item) =>
        RefusalOfAsync(lease, relay, sent, new(item.Status) { Text = $"the message '{id}': {item.Error}" });

    /// <summary>Finds out why a batch was not in turn.</summary>
    /// <returns>What it means, or how far the other side is.</returns>
    private async Task<RelayResult> ExplainAsync(RelayLease lease, Relay relay, long? sent)
    {
        var answer = await AskAsync(relay, lease.Link.Queue);
        if (answer.Status != 200)
            return RelayResult.Of(sent, answer);
        if (answer.Epoch > lease.Link.Epoch)
            return await StopAsync(lease, relay, sent, answer);
        return sent is { } had && !(answer.Last >= had)
            ? Forgotten(had, answer)
            : RelayResult.Busy(answer.Last, new(409) { Text = "A batch came before its forerunner." });
    }

    /// <summary>Either another process of this deployment has the link, or an operator shut this deployment out.</summary>
    private async Task<RelayResult> StopAsync(RelayLease lease, Relay relay, long? sent, RelayAnswer answer)
    {
        // Only who puts the relay from now on knows of that.
        var now = (await settings.ReadAsync(lease.Link.Queue.Account, CancellationToken.None)).RelayOf(relay.Incarnation) ?? relay;
        if (!await lease.WriteAsync(one => one with { FencedBy = answer.Epoch, Generation = now.Generation }))
            return RelayResult.Lost;
        return RelayResult.Stopped(
            sent,
            $"Fenced: the other side has seen the epoch {answer.Epoch}, which is none of this side's. "
            + "Put the relay again to go on all the same.");
    }

    private static RelayResult Forgotten(long sent, RelayAnswer answer) => RelayResult.Stopped(
        sent,
        $"The other side has forgotten: it had the number {sent}, and its last one is {(answer.Last is { } last ? $"{last}" : "none")}. "
        + "Delete the relay and put it anew to begin again with what stands here.");

    /// <summary>Asks which messages stand at the other side that came by this relay, a page at a time.</summary>
    public async Task<RelayAnswer> ListAsync(Relay relay, QueueAddress queue, string? after) => await wire.ListAsync(
        relay, queue.Queue, ProducerOf(await stamp.GetAsync(CancellationToken.None), relay, queue), after, CancellationToken.None);

    /// <summary>Asks the other side how far it is.</summary>
    public async Task<RelayAnswer> AskAsync(Relay relay, QueueAddress queue) =>
        await wire.AskAsync(
            relay, queue.Queue, ProducerOf(await stamp.GetAsync(CancellationToken.None), relay, queue), CancellationToken.None);
}
