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
/// What few messages have follows only where they have it: <c>.p{priority}</c>, <c>.w</c> (the hide is a delay), <c>.l{dead ttl}</c> and
/// <c>.x{expires at}</c> (the delivery is the last), <c>.d{died at}</c>, <c>.q</c> (it waits behind others of its group), <c>.k</c> (it is
/// dead and holds its group back), <c>.r{seconds}</c> (for which its result is kept), <c>.m{relay}</c> (that mirrors it).
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
    /// <summary>Nine numbers, a revision and a relay of 16 characters, eight revisions more, the marks, and what separates them.</summary>
    private const int MaxLength = (12 * 16) + (8 * 16) + 29;

    private const char PriorityMark = 'p';
    private const char DelayMark = 'w';
    private const char LastMark = 'l';
    private const char ExpiryMark = 'x';
    private const char DeadMark = 'd';
    private const char WaitingMark = 'q';
    private const char HoldingMark = 'k';
    private const char ResultMark = 'r';
    private const char MirrorMark = 'm';

    /// <inheritdoc cref="MessageState.Priority"/>
    public int Priority { get; init; } = QueueLimits.DefaultPriority;

    /// <inheritdoc cref="MessageState.IsDelayed"/>
    public bool IsDelayed { get; init; }

    /// <inheritdoc cref="MessageState.DeadTtl"/>
    public long? DeadTtl { get; init; }

    /// <summary>The instant of expiry; null: the column of that name holds it.</summary>
    public long? ExpiresAt { get; init; }

    /// <inheritdoc cref="MessageState.DiedAt"/>
    public long DiedAt { get; init; }

    /// <inheritdoc cref="MessageState.IsWaiting"/>
    public bool IsWaiting { get; init; }

    /// <inheritdoc cref="MessageState.HoldsGroup"/>
    public bool HoldsGroup { get; init; }

    /// <inheritdoc cref="MessageState.ResultKept"/>
    public long? ResultKept { get; init; }

    /// <inheritdoc cref="MessageState.Mirror"/>
    public string? Mirror { get; init; }

    /// <summary>The text in a row of a message.</summary>
    public static StateText Of(Columns columns)
    {
        var rest = TextOf(columns).AsSpan();
        var sequence = Number(ref rest);
        var visibleAt = Number(ref rest);
        var inserted = sequence - Number(ref rest);
        var (deliveries, length, chunks) = (Number(ref rest), Number(ref rest), (int)Number(ref rest));
        var body = Next(ref rest);
        var revisions = new Revisions(Next(ref rest).ToString());
        var bodyRevision = body.Length == 1 ? revisions.At(body[0] - '0') : body.ToString();
        var text = new StateText(new(sequence), visibleAt, inserted, deliveries, length, chunks, bodyRevision, revisions);
        while (rest.Length > 0)
        {
            var part = Next(ref rest);
            text = part[0] switch
            {
                PriorityMark => text with { Priority = part[1] - '0' },
                DelayMark => text with { IsDelayed = true },
                LastMark => text with { DeadTtl = Number(part[1..]) },
                ExpiryMark => text with { ExpiresAt = Number(part[1..]) },
                DeadMark => text with { DiedAt = Number(part[1..]) },
                WaitingMark => text with { IsWaiting = true },
                HoldingMark => text with { HoldsGroup = true },
                ResultMark => text with { ResultKept = Number(part[1..]) },
                MirrorMark => text with { Mirror = part[1..].ToString() },
                _ => throw new InvalidDataException($"A later version of Burrow wrote this row: '{part}' is not known."),
            };
        }

        return text;
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
        end += Revisions.Text.Length;
        if (Priority != QueueLimits.DefaultPriority)
            Append(text, ref end, PriorityMark, Priority);
        if (IsDelayed)
            Append(text, ref end, DelayMark, null);
        if (DeadTtl is not null)
            Append(text, ref end, LastMark, DeadTtl);
        if (ExpiresAt is not null)
            Append(text, ref end, ExpiryMark, ExpiresAt);
        if (DiedAt != 0)
            Append(text, ref end, DeadMark, DiedAt);
        if (IsWaiting)
            Append(text, ref end, WaitingMark, null);
        if (HoldsGroup)
            Append(text, ref end, HoldingMark, null);
        if (ResultKept is not null)
            Append(text, ref end, ResultMark, ResultKept);
        if (Mirror is not null)
        {
            Append(text, ref end, MirrorMark, null);
            Mirror.CopyTo(text[end..]);
            end += Mirror.Length;
        }

        return text[..end].ToString();
    }

    private static void Append(Span<char> text, ref int end, char mark, long? number)
    {
        text[end++] = '.';
        text[end++] = mark;
        if (number is not { } value)
            return;
        value.TryFormat(text[end..], out var written, "x", CultureInfo.InvariantCulture);
        end += written;
    }

    private static long Number(ref ReadOnlySpan<char> rest) => Number(Next(ref rest));

    private static long Number(ReadOnlySpan<char> digits) =>
        digits is "0" ? 0 : long.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>The text up to the next dot, or all of it.</summary>
    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf('.');
        var next = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        return next;
    }
}
