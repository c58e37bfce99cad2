using System.Globalization;
using System.Text;

namespace Burrow.Queues.Rows;

/// <summary>
/// The row keys of a queue's partition, composed and parsed. Numbers are 16 hexadecimal digits, so keys sort as they do.
/// </summary>
internal static class QueueKeys
{
    /// <summary>The head. Sorts right before the hidden line, so one range query brings both.</summary>
    public const string Head = "h";

    public const string VisibleFrom = "v!";
    public const string VisibleBefore = "v!~";
    public const string HiddenFrom = "h!";
    public const string HiddenBefore = "h!~";
    public const string IndexFrom = "i!";
    public const string IndexBefore = "i!~";
    public const string ExpiryFrom = "x!";
    public const string EventsFrom = "e!";
    public const string EventsBefore = "e!~";

    /// <summary>Before and after every key of a partition.</summary>
    public const string First = "!";

    /// <inheritdoc cref="First"/>
    public const string End = "~";

    private const int MaxEscapedLength = 400;

    /// <summary>A visible message's place in line.</summary>
    public static string Visible(Sequence sequence) => $"v!{sequence}";

    /// <summary>A hidden message's place in line.</summary>
    public static string Hidden(long visibleAt, Sequence sequence) => $"h!{Hex(visibleAt)}!{sequence}";

    /// <summary>The end, exclusive, of the hidden line that is visible by <paramref name="now"/>.</summary>
    public static string HiddenDueBefore(long now) => $"h!{Hex(now + 1)}";

    /// <summary>The message by id.</summary>
    public static string Index(MessageId id) => "i!" + Escape(id.Value);

    /// <summary>A chunk of a larger body.</summary>
    public static string Chunk(Sequence sequence, string revision, int number) => $"b!{sequence}!{revision}!{number}";

    /// <summary>Something of a message that is yet to be told.</summary>
    public static string Event(Sequence sequence, string revision) => $"e!{sequence}!{revision}";

    /// <summary>When a message is to be expired.</summary>
    public static string Expiry(long expiresAt, Sequence sequence) => $"x!{Hex(expiresAt)}!{sequence}";

    /// <summary>The end, exclusive, of what is expired by <paramref name="now"/>.</summary>
    public static string ExpiredBefore(long now) => $"x!{Hex(now + 1)}";

    /// <summary>The sequence at the end of a key of the visible or hidden line.</summary>
    public static Sequence SequenceOf(string lineKey) => Sequence.TryParse(lineKey[^16..])!.Value;

    /// <summary>The instant of a key of the hidden line; 0 for one of the visible line.</summary>
    public static long VisibleAtOf(string lineKey) =>
        lineKey[0] == 'h' ? long.Parse(lineKey.AsSpan(2, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : 0;

    private static string Hex(long value) => value.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>
    /// Letters, digits, <c>.</c>, <c>_</c> and <c>-</c> as they are, every other byte of the UTF-8 as <c>=</c> and two digits;
    /// where that grows too long, <c>==</c> (which no escaped text holds) and a hash.
    /// </summary>
    private static string Escape(string text)
    {
        if (text.Length <= MaxEscapedLength && text.All(IsPlain))
            return text;
        var bytes = Encoding.UTF8.GetBytes(text);
        var escaped = new StringBuilder(bytes.Length * 2);
        foreach (var value in bytes)
        {
            if (value < 0x80 && IsPlain((char)value))
                escaped.Append((char)value);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"={value:x2}");
        }

        return escaped.Length <= MaxEscapedLength ? escaped.ToString() : "==" + NameHash.Of(bytes);
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
