using System.Text;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using CsCheck;

namespace Burrow.Tests.Queues;

/// <summary>Row keys sort like the values that they stand for, differ where these differ, and are valid in every storage engine.</summary>
public sealed class KeyTests
{
    private static readonly Gen<long> Instants = Gen.Long[0, long.MaxValue - 2];

    private static readonly Gen<string> Names = Gen.String[Gen.OneOf(
        Gen.Char["abcxyz019._-=!%/ "],
        Gen.Char['\u0001', '\u007f'],
        Gen.Char['\u0080', '\ud7ff'],
        Gen.Char['\ue000', '\uffff']), 1, 170];

    [Fact]
    public void Sequences_and_instants_sort_as_numbers() => Gen.Select(Instants, Instants).Sample((a, b) =>
    {
        Math.Sign(string.CompareOrdinal(QueueKeys.Visible(4, new(a)), QueueKeys.Visible(4, new(b)))).ShouldBe(a.CompareTo(b));
        string.CompareOrdinal(QueueKeys.Visible(5, new(a)), QueueKeys.Visible(4, new(b))).ShouldBeLessThan(0);
        Math.Sign(string.CompareOrdinal(QueueKeys.Expiry(a, new(7)), QueueKeys.Expiry(b, new(7)))).ShouldBe(a.CompareTo(b));
        var key = QueueKeys.Hidden(a, new(b));
        QueueKeys.VisibleAtOf(key).ShouldBe(a);
        QueueKeys.SequenceOf(key).ShouldBe(new Sequence(b));
        (string.CompareOrdinal(key, QueueKeys.HiddenDueBefore(a)) < 0).ShouldBeTrue();
        (string.CompareOrdinal(key, QueueKeys.HiddenDueBefore(a - 1)) < 0).ShouldBeFalse();
    });

    [Fact]
    public void Ids_differ_as_their_keys_do_and_every_key_is_one() => Gen.Select(Names, Names).Sample((a, b) =>
    {
        var (first, second) = (QueueKeys.Index(new(a)), QueueKeys.Index(new(b)));
        TableLimits.CheckKey(first);
        (first == second).ShouldBe(a == b);
        (string.CompareOrdinal(QueueKeys.IndexFrom, first) < 0 && string.CompareOrdinal(first, QueueKeys.IndexBefore) < 0).ShouldBeTrue();
    });

    [Fact]
    public void Names_sort_by_code_point_as_far_as_their_keys_spell_them() => Gen.Select(Names, Names).Sample((a, b) =>
    {
        var (first, second) = (DirectoryKeys.Row(a), DirectoryKeys.Row(b));
        TableLimits.CheckKey(first);
        (first == second).ShouldBe(a == b);
        var order = Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));
        if (DirectoryKeys.From(a) != DirectoryKeys.From(b))
            Math.Sign(string.CompareOrdinal(first, second)).ShouldBe(Math.Sign(order));
        (string.CompareOrdinal(DirectoryKeys.From(a), first) <= 0).ShouldBeTrue();
    });

    [Fact]
    public void An_account_and_a_queue_are_never_taken_for_another_pair()
    {
        new QueueAddress(new("a"), new("bc")).Partition.ShouldNotBe(new QueueAddress(new("ab"), new("c")).Partition);
        TableLimits.CheckKey(new QueueAddress(new("a/b#?"), new("ü")).Partition);
    }

    [Fact]
    public void Histories_keep_the_last_eight_revisions()
    {
        var revisions = Revisions.First(Random.Shared);
        var all = new List<string> { revisions.Latest };
        for (var i = 0; i < 20; i++)
        {
            revisions = revisions.Next(Random.Shared);
            all.Insert(0, revisions.Latest);
            all.Take(8).ShouldAllBe(revision => revisions.Contains(revision));
            all.Skip(8).ShouldAllBe(revision => !revisions.Contains(revision));
        }
    }

    [Fact]
    public void A_sequence_reads_back_from_its_text_and_nothing_else_is_one()
    {
        Instants.Sample(value => Sequence.TryParse(new Sequence(value).ToString()) == new Sequence(value));
        foreach (var text in (string[])[
            "",
            "0",
            "00000000000000000",
            "000000000000000g",
            "000000000000000A",
            "ffffffffffffffff",
            " 00000000000000",
            "7fffffffffffffff"])
        {
            Sequence.TryParse(text).ShouldBeNull(text);
        }
    }

    [Fact]
    public void Base32_is_that_of_the_RFC()
    {
        Base32.Encode("foobar"u8).ShouldBe("mzxw6ytboi");
        Base32.Encode("f"u8).ShouldBe("my");
        Base32.Encode([]).ShouldBe("");
    }
}
