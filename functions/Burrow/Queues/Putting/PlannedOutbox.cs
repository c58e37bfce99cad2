using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Putting;

/// <summary>What one transaction of puts does to the outbox of its queue's relay: each new message gets a row.</summary>
/// <param name="relay">The relay.</param>
/// <param name="before">The mark of the head that the transaction replaces.</param>
/// <param name="left">How many rows there is room for.</param>
internal sealed class PlannedOutbox(Relay relay, RelayMark before, long left)
{
    private RelayMark? after;
    private bool hasChanges;

    /// <summary>The mark as the transaction writes it.</summary>
    public RelayMark Mark => after ?? before;

    /// <summary>How many messages get a row.</summary>
    public long Rows => Mark.Count - before.Count;

    /// <summary>Whether the relay has something to do after the transaction.</summary>
    public bool IsChanged => Mark != before || hasChanges;

    /// <summary>Why a new message is refused; null: it is not.</summary>
    public QuotaExceededException? Refusal => relay.RefusesWhenFull && left <= Rows
        ? new(
            $"The relay '{relay.Name}' still has {relay.MaxOutbox} messages of this queue to send, as many as it may. Nothing was stored.")
        : null;

    /// <summary>The operations that a new message adds, and the mark after them.</summary>
    public (IReadOnlyList<Operation> Operations, RelayMark Mark) Plan(MessageState state, PutRequest request, long now)
    {
        if (Mark.IsFull)
            return ([], Mark);
        if (!HasRoom(request))
            return ([], Mark with { IsFull = true, IsWhole = false });
        var mark = Mark with { Count = Mark.Count + 1 };
        var row = RelayRow.Of(state, request, mark, now);
        return ([.. (IsMirror ? row.WithoutItsBody() : row).Insert()], mark);
    }

    /// <summary>The relay that mirrors a message after its put; null: none does, or not before the queue is prepared.</summary>
    /// <param name="request">The put.</param>
    /// <param name="replaced">The message that it replaces; null: it is new.</param>
    public string? MirrorOf(PutRequest request, MessageState? replaced)
    {
        var isMirrored = replaced is null ? !Mark.IsFull && HasRoom(request) : replaced.Mirror == before.Incarnation;
        return IsMirror && isMirrored ? before.Incarnation : null;
    }

    /// <summary>The operations that a replaced message adds.</summary>
    public IEnumerable<Operation> PlanChange(MessageState state, long now)
    {
        if (state.Mirror is not { } mirror)
            return [];
        hasChanges = true;
        return [ChangeRow.Of(state, mirror, now).Write()];
    }

    /// <summary>Notes that the transaction holds them.</summary>
    public void Add(RelayMark mark) => after = mark;

    private bool IsMirror => relay.Mode == RelayMode.Mirror;

    /// <summary>
    /// Whether a new message has its row. One from another deployment has it in any case: two relays that face each other would wait for
    /// each other for ever.
    /// </summary>
    private bool HasRoom(PutRequest request) => left > Rows || request.Relayed is not null;
}
