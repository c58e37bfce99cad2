using System.Buffers;
using Burrow.Http.Pipeline;
using CsCheck;

namespace Burrow.Tests.Http;

/// <summary>Bytes in one array, then in blocks of 128 KiB.</summary>
public sealed class ByteBufferTests
{
    private const int Block = 128 * 1024;

    private static readonly Gen<int> Sizes = Gen.OneOf(
        Gen.Int[0, 3], Gen.Int[1, 5_000], Gen.Int[Block - 2, Block + 2], Gen.Int[1, 3 * Block]);

    [Fact]
    public void It_holds_what_was_written_however_it_is_written() => Gen.Select(Sizes, Gen.Bool).Array[0, 8].Sample(writes =>
    {
        using var buffer = new ByteBuffer(16);
        var expected = new List<byte>();
        foreach (var (size, isAdvanced) in writes)
        {
            var bytes = Enumerable.Range(expected.Count, size).Select(i => (byte)(i * 7)).ToArray();
            if (isAdvanced)
            {
                bytes.CopyTo(buffer.GetMemory(size));
                buffer.Advance(size);
            }
            else
            {
                buffer.Write(bytes);
            }

            expected.AddRange(bytes);
            buffer.Length.ShouldBe(expected.Count);
        }

        buffer.ToArray().AsSpan().SequenceEqual([.. expected]).ShouldBeTrue();
        buffer.Written.ToArray().AsSpan().SequenceEqual([.. expected]).ShouldBeTrue();
    });

    [Fact]
    public void Few_bytes_are_in_one_piece_and_many_in_blocks()
    {
        using var buffer = new ByteBuffer(16);
        buffer.Write(new byte[Block]);
        buffer.Written.IsSingleSegment.ShouldBeTrue();

        buffer.Write("x"u8);
        buffer.Written.IsSingleSegment.ShouldBeFalse();
        foreach (var part in buffer.Written)
            part.Length.ShouldBeLessThanOrEqualTo(Block);
    }
}
