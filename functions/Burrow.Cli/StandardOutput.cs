using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Burrow.Client.Cli;

/// <summary>
/// Standard output. The stream of <see cref="Console"/> says nothing when its reader has gone, so a verb that goes on without end would
/// never end; this one throws.
/// </summary>
internal static class StandardOutput
{
    /// <summary>EPIPE.</summary>
    private const int BrokenPipe = 32;

    private static readonly Lock Gate = new();
    private static readonly Stream Stream = Open();

    /// <summary>A writer of text, which writes each line at once.</summary>
    public static TextWriter Writer { get; } = new Lines();

    /// <summary>Writes bytes, none of another write between them.</summary>
    /// <exception cref="OutputClosedException">The reader has gone.</exception>
    public static void Write(ReadOnlySpan<byte> bytes)
    {
        lock (Gate)
        {
            try
            {
                Stream.Write(bytes);
                Stream.Flush();
            }
            catch (IOException e) when (e.HResult == BrokenPipe)
            {
                throw new OutputClosedException(e);
            }
        }
    }

    private static Stream Open()
    {
        const int Handle = 1;
        // On Windows the console's stream is needed for a console, and there is no such signal.
        if (OperatingSystem.IsWindows())
            return Console.OpenStandardOutput();
        var stream = new FileStream(new SafeFileHandle(Handle, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        // In a file, it would write at a place of its own, over what other programs write there.
        return stream.CanSeek ? Console.OpenStandardOutput() : stream;
    }

    private sealed class Lines : TextWriter
    {
        private readonly StringBuilder line = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            line.Append(value);
            if (value == '\n')
                Flush();
        }

        public override void Write(string? value)
        {
            line.Append(value);
            if (value?.Contains('\n') == true)
                Flush();
        }

        public override void WriteLine(string? value) => Write(value + "\n");

        public override void Flush()
        {
            var text = line.ToString();
            line.Clear();
            StandardOutput.Write(Encoding.UTF8.GetBytes(text));
        }
    }
}
