using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using CsCheck;

namespace Burrow.Tests.Queues;

/// <summary>A message's state as one column.</summary>
public sealed class StateTextTests
{
    private static readonly Gen<string> Revision = Gen.Long.Select(number => $"{number:x16}");

    private static readonly Gen<StateText> Any =
        from sequence in Gen.Long[0, Sequence.Last.Value]
        from visibleAt in Gen.OneOf(Gen.Const(0L), Gen.Long[0, long.MaxValue])
        from inserted in Gen.Long[0, long.MaxValue]
        from deliveries in Gen.Long[0, long.MaxValue]
        from length in Gen.Long[0, QueueLimits.BodyBytes]
        from chunks in Gen.Int[0, 2]
        from revisions in Revision.Array[1, 8]
        from body in Gen.OneOf(Revision, Gen.Int[0, revisions.Length - 1].Select(i => revisions[i]))
        from priority in Gen.Int[0, QueueLimits.MaxPriority]
        from delayed in Gen.Bool
        from deadTtl in Gen.Long[0, QueueLimits.AttributeSeconds].Nullable()
        from expiresAt in Gen.Long[0, long.MaxValue].Nullable()
        from diedAt in Gen.OneOf(Gen.Const(0L), Gen.Long[0, long.MaxValue])
        select new StateText(new(sequence), visibleAt, inserted, deliveries, length, chunks, body, new(string.Concat(revisions)))
        {
            Priority = priority,
            IsDelayed = delayed,
            DeadTtl = deadTtl,
            ExpiresAt = expiresAt,
            DiedAt = diedAt,
        };

    [Fact]
    public void It_is_read_as_it_was_written() => Any.Sample(state =>
    {
        var columns = new Columns(1) { { MessageColumns.State, state.ToString() } };
        StateText.Of(columns).ShouldBe(state);
        StateText.SequenceOf(columns).ShouldBe(state.Sequence);
    });

    [Fact]
    public void A_message_that_was_put_once_has_a_short_one() => new StateText(
        new(0x08de492d4a2ce000), 0, 0x08de492d4a2ce000, 0, 1024, 0, "0123456789abcdef", new("0123456789abcdef")).ToString()
        .ShouldBe("08de492d4a2ce000.0.0.0.400.0.0.0123456789abcdef");
}
