using System.Globalization;
using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// What <see cref="MessageState"/> says besides the id and the instant of expiry, as one column. A column of its own for each part would
/// cost more than the part: Table storage names each column and its type in every row.
/// </summary>
/// <remarks>
/// The text is <c>{sequence}.{visible at}.{sequence - inserted}.{deliveries}.{length}.{chunks}.{body revision}.{revisions}</c>, numbers in
/// hexadecimal, the sequence with 16 digits. The body revision is its index in the revisions, or itself if it is too old for them.
/// </remarks>
internal readonly record struct StateText(
    Sequence Sequence,
    long VisibleAt,
    long Inserted,
    long Deliveries,
    long Length,
    int Chunks,
    string BodyRevision,
    Revisions Revisions)
{
    /// <summary>Six numbers and a revision of 16 characters, eight revisions more, and what separates them.</summary>
    private const int MaxLength = (7 * 16) + (8 * 16) + 7;

    /// <summary>The text in a row of a message.</summary>
    public static StateText Of(Columns columns)
    {
        var rest = TextOf(columns).AsSpan();
        var sequence = Number(ref rest);
        var visibleAt = Number(ref rest);
        var inserted = sequence - Number(ref rest);
        var (deliveries, length, chunks) = (Number(ref rest), Number(ref rest), (int)Number(ref rest));
        var body = Next(ref rest);
        var revisions = new Revisions(rest.ToString());
        var bodyRevision = body.Length == 1 ? revisions.At(body[0] - '0') : body.ToString();
        return new(new(sequence), visibleAt, inserted, deliveries, length, chunks, bodyRevision, revisions);
    }

    /// <summary>The sequence alone.</summary>
    public static Sequence SequenceOf(Columns columns)
    {
        var rest = TextOf(columns).AsSpan();
        return new(Number(ref rest));
    }

    /// <summary>The column, in a row of a message or in a head.</summary>
    /// <exception cref="InvalidDataException">The row was written before rows had this column.</exception>
    public static string TextOf(Columns columns) => columns.GetString(MessageColumns.State) ?? throw new InvalidDataException(
        "An earlier version of Burrow wrote this row, in another form. Give this version tables of its own: another TablePrefix.");

    /// <inheritdoc/>
    public override string ToString()
    {
        // Every write of a message comes here: the parts are written straight into the text's own memory.
        Span<char> text = stackalloc char[MaxLength];
        Sequence.Value.TryFormat(text, out var end, "x16", CultureInfo.InvariantCulture);
        text[end++] = '.';
        foreach (var number in (ReadOnlySpan<long>)[VisibleAt, Sequence.Value - Inserted, Deliveries, Length, Chunks])
        {
            number.TryFormat(text[end..], out var written, "x", CultureInfo.InvariantCulture);
            end += written;
            text[end++] = '.';
        }

        if (Revisions.IndexOf(BodyRevision) is >= 0 and var index)
        {
            text[end++] = (char)('0' + index);
        }
        else
        {
            BodyRevision.CopyTo(text[end..]);
            end += BodyRevision.Length;
        }

        text[end++] = '.';
        Revisions.Text.CopyTo(text[end..]);
        return text[..(end + Revisions.Text.Length)].ToString();
    }

    private static long Number(ref ReadOnlySpan<char> rest)
    {
        var digits = Next(ref rest);
        return digits is "0" ? 0 : long.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf('.');
        var next = rest[..end];
        rest = rest[(end + 1)..];
        return next;
    }
}
