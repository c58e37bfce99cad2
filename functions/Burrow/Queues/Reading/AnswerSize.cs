using System.Buffers;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>The part of <see cref="QueueLimits.AnswerBytes"/> that a message takes: never less than the message takes as JSON.</summary>
internal static class AnswerSize
{
    /// <summary>The bytes of the names, quotes and braces of a message with all its attributes.</summary>
    private const int Frame = 320;

    /// <summary>The bytes of a cause without its text.</summary>
    private const int CauseFrame = 80;

    /// <summary>The bytes that JSON holds without an escape.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7F - 0x20).Where(value => value is not (0x22 or 0x5C)).Select(value => (byte)value)]);

    /// <summary>The size of a message with this body; null: the answer does not show the body.</summary>
    public static long Of(MessageRow row, byte[]? body) =>
        Frame + 6L * row.Id.Value.Length + 6L * (row.ContentType?.Length ?? 0)
        + 6L * (row.State.Group?.Value.Length ?? 0)
        + row.Causes.Sum(cause => CauseFrame + 6L * cause.Text.Length) + (body is null ? 0 : Escaped(body));

    /// <summary>
    /// The size of a body with its escapes. Control characters, quotes and other characters that JSON encoders often escape may take
    /// six bytes. A body that is not UTF-8 is shown as base64 and takes four bytes for three: for this body the result is too large.
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
