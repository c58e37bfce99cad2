using System.Text;

namespace Burrow.Tables;

/// <summary>
/// The columns of a row as one value in SQLite: name, a letter for the type, value, each with its length
/// (<see cref="BinaryWriter"/>'s encodings). A change of it needs a new version of the file's schema.
/// </summary>
internal static class ColumnsFormat
{
    public static byte[] Write(Columns columns)
    {
        using var stream = new MemoryStream(512);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        foreach (var (name, value) in columns.Span)
        {
            writer.Write(name);
            switch (value)
            {
                case string text:
                    writer.Write((byte)'s');
                    writer.Write(text);
                    break;
                case long number:
                    writer.Write((byte)'n');
                    writer.Write(number);
                    break;
                case byte[] bytes:
                    writer.Write((byte)'b');
                    writer.Write7BitEncodedInt(bytes.Length);
                    writer.Write(bytes);
                    break;
            }
        }

        return stream.ToArray();
    }

    public static Columns Read(byte[] data)
    {
        var columns = new Columns();
        using var stream = new MemoryStream(data, writable: false);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        while (stream.Position < stream.Length)
        {
            var name = reader.ReadString();
            switch (reader.ReadByte())
            {
                case (byte)'s':
                    columns.Add(name, reader.ReadString());
                    break;
                case (byte)'n':
                    columns.Add(name, reader.ReadInt64());
                    break;
                default:
                    columns.Add(name, reader.ReadBytes(reader.Read7BitEncodedInt()));
                    break;
            }
        }

        return columns;
    }
}
