using System.Buffers;
using Burrow.Access;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.IO;

namespace Burrow.Http.Pipeline;

/// <summary>
/// Bytes in borrowed memory: one array while they are few, blocks of one size beyond that. An array that grows to megabytes is copied each
/// time, and the garbage collector finds no room for the next one although enough is free. Dispose it once, to return the memory.
/// </summary>
internal sealed class ByteBuffer : IBufferWriter<byte>, IDisposable
{
    private const int BlockBytes = 128 * 1024;

    private static readonly RecyclableMemoryStreamManager Blocks = new(
        new RecyclableMemoryStreamManager.Options
        {
            BlockSize = BlockBytes,
            // Blocks that are not in use are in addition to the memory that requests use.
            MaximumSmallPoolFreeBytes = MemoryBudget.OfProcess / 4,
        });

    private readonly ArrayPoolBufferWriter<byte> array;
    private RecyclableMemoryStream? blocks;

    /// <param name="capacity">The bytes of the array at first.</param>
    public ByteBuffer(int capacity) => array = new(capacity);

    /// <summary>The number of bytes written.</summary>
    public int Length => blocks is null ? array.WrittenCount : (int)blocks.Length;

    /// <summary>The bytes written. Valid until more is written, or until this is disposed.</summary>
    public ReadOnlySequence<byte> Written => blocks?.GetReadOnlySequence() ?? new(array.WrittenMemory);

    /// <summary>The bytes written, as a new array.</summary>
    public byte[] ToArray() => blocks is null ? array.WrittenSpan.ToArray() : Written.ToArray();

    /// <inheritdoc/>
    public void Advance(int count)
    {
        if (blocks is null)
            array.Advance(count);
        else
            blocks.Advance(count);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => WriterFor(sizeHint).GetMemory(sizeHint);

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => WriterFor(sizeHint).GetSpan(sizeHint);

    /// <inheritdoc/>
    public void Dispose()
    {
        array.Dispose();
        blocks?.Dispose();
    }

    private IBufferWriter<byte> WriterFor(int sizeHint)
    {
        if (blocks is null && array.WrittenCount + Math.Max(1, sizeHint) > BlockBytes)
        {
            blocks = Blocks.GetStream();
            // It would return the blocks. Where this isn't disposed, the server may still read them.
            GC.SuppressFinalize(blocks);
            blocks.Write(array.WrittenSpan);
            array.Clear();
        }

        return blocks is null ? array : blocks;
    }
}
