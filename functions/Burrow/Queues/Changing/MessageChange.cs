using Burrow.Queues.Rows;

namespace Burrow.Queues.Changing;

/// <summary>What a request does to a message.</summary>
internal abstract record MessageChange
{
    /// <summary>Which messages it may be done to.</summary>
    public abstract MessageLife Which { get; }

    /// <summary>Whether the queue's policy matters.</summary>
    public virtual bool NeedsPolicy => false;

    /// <summary>
    /// Whether the row by id is enough, where the answer shows nothing (<see cref="MessageWrite.Remove(MessageState, string)"/>).
    /// </summary>
    public virtual bool NeedsNoLine => false;

    /// <summary>How a message ends that this removes by request; null: that is not said.</summary>
    /// <exception cref="InvalidRequestException">There is a result, and the message was put without one.</exception>
    public virtual ResultEnd? EndOf(MessageState state) => null;

    /// <summary>The change of a message; null: there is nothing to change.</summary>
    /// <param name="row">The message's line row. It is not <see cref="MessageState.IsUnburied"/>.</param>
    /// <param name="policy">The queue's policy; if <see cref="NeedsPolicy"/> is false, any.</param>
    /// <param name="readAt">The time before the row was read, UTC ticks. By a later clock, a row may say what never was.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="context">The settings, and the source of revisions.</param>
    public abstract MessageWrite? WriteOf(MessageRow row, QueuePolicy policy, long readAt, long now, QueueContext context);

    /// <summary>Sets attributes. <paramref name="Delivers"/>: a hide is a claim, which counts as a delivery.</summary>
    public sealed record Update(Attributes Attributes, bool Delivers) : MessageChange
    {
        public override MessageLife Which => MessageLife.Live;

        public override bool NeedsPolicy => Delivers && Attributes.IsClaim;

        public override MessageWrite? WriteOf(
            MessageRow row, QueuePolicy policy, long readAt, long now, QueueContext context) => Attributes.IsEmpty
            ? null
            : MessageWrite.Update(row, row.State.With(Attributes, Delivers, policy, now, context.Random));
    }

    /// <summary>
    /// Removes messages of some kinds. <paramref name="ByReceipt"/>: the client names the receipt, so it has done the message's work.
    /// </summary>
    public sealed record Remove(MessageLife Of, bool ByReceipt = false) : MessageChange
    {
        public override MessageLife Which => Of;

        public override bool NeedsNoLine => true;

        public override ResultEnd? EndOf(MessageState state) => ByReceipt ? new(ResultState.Done, ResultBody.Empty) : null;

        public override MessageWrite WriteOf(MessageRow row, QueuePolicy policy, long readAt, long now, QueueContext context) =>
            MessageWrite.Remove(row) with { End = EndOf(row.State) };
    }

    /// <summary>Puts dead messages back into their old places.</summary>
    public sealed record Redrive(Attributes Attributes) : MessageChange
    {
        public override MessageLife Which => MessageLife.Dead;

        public override bool NeedsPolicy => true;

        public override MessageWrite WriteOf(MessageRow row, QueuePolicy policy, long readAt, long now, QueueContext context)
        {
            var ttl = Attributes.Ttl ?? policy.Ttl ?? context.Options.DefaultTtl;
            return MessageWrite.Update(row, row.State.Redriven(ttl, Attributes.Hide ?? 0, now, context.Random), causes: []);
        }
    }

    /// <summary>Does what an outcome says. Of a dead message, a late worker's receipt is still good.</summary>
    public sealed record Settle(Outcome Outcome) : MessageChange
    {
        public override MessageLife Which =>
            Outcome.Kind == OutcomeKind.Released ? MessageLife.Live : MessageLife.Live | MessageLife.Dead;

        public override bool NeedsPolicy => true;

        public override bool NeedsNoLine => Outcome.Kind == OutcomeKind.Done;

        public override ResultEnd? EndOf(MessageState state)
        {
            if (Outcome.Kind != OutcomeKind.Done)
                return null;
            if (Outcome.Result is not null && state.ResultKept is null)
                throw new InvalidRequestException("body", "The message was put without result, so outcome=done takes no body.");
            return new(ResultState.Done, Outcome.Result ?? ResultBody.Empty);
        }

        public override MessageWrite? WriteOf(MessageRow row, QueuePolicy policy, long readAt, long now, QueueContext context)
        {
            var state = row.State;
            var isHidden = !state.IsHideOver(readAt);
            return Outcome.Kind switch
            {
                OutcomeKind.Done => MessageWrite.Remove(row) with { End = EndOf(state) },
                OutcomeKind.Released => isHidden ? MessageWrite.Update(row, state.Released(context.Random)) : null,
                OutcomeKind.Failed when isHidden => Kept(
                    state.Failed(Outcome.Hide ?? policy.RetryDelayAfter(state.Deliveries), now, context.Random)),
                OutcomeKind.Dead when state.DiedAt == 0 => Kept(state.Dead(state.DeadTtl ?? policy.DeadTtl, now, context.Random)),
                _ => Outcome.Cause is null ? null : Kept(state with { Revisions = state.Revisions.Next(context.Random) }),
            };

            MessageWrite Kept(MessageState after) => MessageWrite.Update(row, after, Outcome.Cause is { } cause
                ? CausesColumn.Add(row.Causes, new(new DateTimeOffset(now, TimeSpan.Zero), state.Deliveries, cause))
                : row.Causes);
        }
    }
}
