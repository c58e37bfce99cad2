using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;

namespace Burrow.Tables.Sqlite;

/// <summary>
/// The columns of a row as one value in SQLite. Each column is its name, a letter for the type, and its value. Text is in UTF-8. Names,
/// texts and bytes have their length before them, with 7 bits in a byte. Every byte of the length but the last has the eighth bit set.
/// Numbers are 8 bytes, little-endian. A change of this format needs a new version of the file's schema.
/// </summary>
internal static class ColumnsFormat
{
    private const int MaxNameLength = 64;

    /// <summary>The names seen so far. There are only a few, and each is in every row.</summary>
    private static readonly ConcurrentDictionary<string, string> Names = new();

    private static readonly ConcurrentDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> NamesBySpan =
        Names.GetAlternateLookup<ReadOnlySpan<char>>();

    public static byte[] Write(Columns columns)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        foreach (var (name, value) in columns.Span)
        {
            WriteText(buffer, name);
            switch (value)
            {
                case string text:
                    buffer.Write("s"u8);
                    WriteText(buffer, text);
                    break;
                case long number:
                    buffer.Write("n"u8);
                    BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(8), number);
                    buffer.Advance(8);
                    break;
                case byte[] bytes:
                    buffer.Write("b"u8);
                    WriteLength(buffer, bytes.Length);
                    buffer.Write(bytes);
                    break;
            }
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static Columns Read(ReadOnlySpan<byte> data)
    {
        var columns = new Columns();
        while (data.Length > 0)
        {
            var name = NameOf(ReadBytes(ref data));
            var type = data[0];
            data = data[1..];
            switch (type)
            {
                case (byte)'s':
                    columns.Append(name, Encoding.UTF8.GetString(ReadBytes(ref data)));
                    break;
                case (byte)'n':
                    columns.Append(name, BinaryPrimitives.ReadInt64LittleEndian(data));
                    data = data[8..];
                    break;
                default:
                    columns.Append(name, ReadBytes(ref data).ToArray());
                    break;
            }
        }

        return columns;
    }

    private static string NameOf(ReadOnlySpan<byte> bytes)
    {
        Span<char> buffer = stackalloc char[MaxNameLength];
        if (bytes.Length > MaxNameLength)
            return Encoding.UTF8.GetString(bytes);
        var name = buffer[..Encoding.UTF8.GetChars(bytes, buffer)];
        if (NamesBySpan.TryGetValue(name, out var known))
            return known;
        var text = name.ToString();
        return Names.GetOrAdd(text, text);
    }

    private static void WriteText(ArrayBufferWriter<byte> buffer, string text)
    {
        WriteLength(buffer, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, buffer);
    }

    private static void WriteLength(ArrayBufferWriter<byte> buffer, int length)
    {
        for (; length > 127; length >>= 7)
            buffer.Write([(byte)(length | 128)]);
        buffer.Write([(byte)length]);
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> data)
    {
        var (length, shift) = (0, 0);
        byte next;
        do
        {
            next = data[0];
            data = data[1..];
            length |= (next & 127) << shift;
            shift += 7;
        }
        while (next > 127);

        var bytes = data[..length];
        data = data[length..];
        return bytes;
    }
}
