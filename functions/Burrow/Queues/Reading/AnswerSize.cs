using System.Buffers;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>How much of <see cref="QueueLimits.AnswerBytes"/> a message takes: never less than its JSON does.</summary>
internal static class AnswerSize
{
    /// <summary>The names, quotes and braces of a message with all its attributes.</summary>
    private const int Frame = 320;

    /// <summary>What JSON takes as it is.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7F - 0x20).Where(value => value is not (0x22 or 0x5C)).Select(value => (byte)value)]);

    /// <summary>Of a message whose body is shown (null: it isn't).</summary>
    public static long Of(MessageRow line, byte[]? body) =>
        Frame + 6L * line.Id.Value.Length + 6L * (line.ContentType?.Length ?? 0) + (body is null ? 0 : Escaped(body));

    /// <summary>
    /// Control characters, quotes and what JSON encoders like to escape may take six bytes; a body that isn't UTF-8 takes
    /// four bytes for three, and then this is too much, but not by more than double.
    /// </summary>
    private static long Escaped(byte[] body)
    {
        long escaped = 0;
        int at;
        for (ReadOnlySpan<byte> rest = body; (at = rest.IndexOfAnyExcept(Plain)) >= 0; rest = rest[(at + 1)..])
            escaped += rest[at] < 0x80 ? 5 : 2;

        return body.Length + escaped;
    }
}
