using Burrow.Queues.Rows;

namespace Burrow.Tests.Relays;

/// <summary>The mark of a relay in a queue's head: what is read is what was written.</summary>
public sealed class RelayMarkTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_mark_is_read_as_it_was_written_whatever_its_count(bool isFull, bool isWhole)
    {
        foreach (var count in Enumerable.Range(0, 300).Select(i => (long)i).Append(long.MaxValue))
        {
            var mark = new RelayMark("ab0c585e75b97736", count, isFull, isWhole);

            RelayMark.Parse(mark.ToString()[1..]).ShouldBe(mark);
        }
    }
}
