using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Burrow.Tables.Azure;

/// <summary>
/// The answer to an entity group transaction: a multipart body, with a changeset of one part for each operation (Table service REST API,
/// "Performing entity group transactions").
/// </summary>
internal static class TransactionAnswer
{
    private static ReadOnlySpan<byte> StatusLine => "\r\nHTTP/1.1 "u8;

    private static ReadOnlySpan<byte> Done => "204 "u8;

    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;

    /// <summary>Reads the ETags of a transaction that was carried out.</summary>
    /// <param name="answer">The body.</param>
    /// <param name="operations">How many operations the transaction has.</param>
    /// <param name="etags">Gets the ETag of each operation, in their order; null for one that has none, which is a deletion.</param>
    /// <param name="first">The same body with its first part alone.</param>
    /// <returns>False if an operation failed, or the body has another form. Then there are no ETags.</returns>
    public static bool TryRead(ReadOnlySpan<byte> answer, int operations, List<string?> etags, [NotNullWhen(true)] out byte[]? first)
    {
        first = null;
        var firstEnd = 0;
        var rest = answer;
        for (int at; (at = rest.IndexOf(StatusLine)) >= 0;)
        {
            rest = rest[(at + StatusLine.Length)..];
            var end = rest.IndexOf(EndOfHead);
            if (!rest.StartsWith(Done) || end < 0)
                return Forget(etags);
            etags.Add(ETagOf(rest[..end]));
            rest = rest[end..];
            if (etags.Count == 1)
                firstEnd = answer.Length - rest.Length;
        }

        // The end of the body closes the changeset and the batch: two lines, each a boundary between hyphens.
        if (etags.Count != operations || !rest.TrimEnd("\r\n"u8).EndsWith("--"u8))
            return Forget(etags);
        first = [.. answer[..firstEnd], .. rest];
        return true;
    }

    private static bool Forget(List<string?> etags)
    {
        etags.Clear();
        return false;
    }

    private static string? ETagOf(ReadOnlySpan<byte> head)
    {
        foreach (var range in head.Split("\r\n"u8))
        {
            var line = head[range];
            if (line.Length > 5 && Ascii.EqualsIgnoreCase(line[..5], "ETag:"u8))
                return Encoding.ASCII.GetString(line[5..].Trim((byte)' '));
        }

        return null;
    }
}
