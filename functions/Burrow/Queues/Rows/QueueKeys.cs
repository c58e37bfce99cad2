using System.Globalization;
using System.Text;

namespace Burrow.Queues.Rows;

/// <summary>
/// Composes and parses the row keys of a queue's partition. Numbers are 16 hexadecimal digits, so keys sort like the numbers.
/// </summary>
internal static class QueueKeys
{
    /// <summary>The head. It sorts right before the hidden line, so one range query returns both.</summary>
    public const string Head = "h";

    /// <summary>The row of the process that prepares the queue for a relay.</summary>
    public const string Preparing = "q";

    public const string VisibleFrom = "v!";
    public const string VisibleBefore = "v!~";
    public const string DeadFrom = "d!";
    public const string DeadBefore = "d!~";
    public const string ResultsFrom = "r!";
    public const string ResultsBefore = "r!~";
    public const string WaitingFrom = "w!";
    public const string WaitingBefore = "w!~";
    public const string HiddenFrom = "h!";
    public const string HiddenBefore = "h~~";
    public const string IndexFrom = "i!";
    public const string IndexBefore = "i!~";
    public const string ExpiryFrom = "x!";
    public const string ReadersFrom = "c!";
    public const string ReadersBefore = "c!~";
    public const string ProducersFrom = "p!";
    public const string ProducersBefore = "p!~";
    public const string HoldersFrom = "g!!";
    public const string HoldersBefore = "g!!~";
    public const string GroupsFrom = HoldersBefore;
    public const string GroupsBefore = "g!~";
    public const string EventsFrom = "e!";
    public const string EventsBefore = "e!~";
    public const string OutboxFrom = "o!";
    public const string OutboxBefore = "o!~";

    /// <summary>Within the outbox: the end of the rows of puts, and the beginning of those of changes.</summary>
    public const string ChangesFrom = "o!m!";

    /// <summary>The bounds of all keys of a partition: <see cref="First"/> sorts before them, <see cref="End"/> after them.</summary>
    public const string First = "!";

    /// <inheritdoc cref="First"/>
    public const string End = "~";

    private const int MaxEscapedLength = 400;

    /// <summary>
    /// The line row of a message in the visible line. The line has a lane for each priority, the highest first. So the first rows of
    /// the line are those that a claim hands out first.
    /// </summary>
    public static string Visible(int priority, Sequence sequence) => $"v!{QueueLimits.MaxPriority - priority}!{sequence}";

    /// <summary>The line row of a dead message.</summary>
    public static string Dead(Sequence sequence) => $"d!{sequence}";

    /// <summary>The line row of a message that waits behind others of its group.</summary>
    public static string Waiting(Sequence sequence) => $"w!{sequence}";

    /// <summary>The line row of a message in the hidden line.</summary>
    public static string Hidden(long visibleAt, Sequence sequence) => $"h!{Hex(visibleAt)}!{sequence}";

    /// <summary>
    /// The line row of a message whose last delivery is under way. It is in the hidden line, behind all others: the message does not become
    /// visible at the end of its hide but dies, so whoever looks for what is due never passes it.
    /// </summary>
    public static string HiddenLast(long visibleAt, Sequence sequence) => $"h~{Hex(visibleAt)}!{sequence}";

    /// <summary>The end, exclusive, of the part of the hidden line whose hide has ended by <paramref name="now"/>.</summary>
    public static string HiddenDueBefore(long now) => $"h!{Hex(now + 1)}";

    /// <summary>The row by id of a message.</summary>
    public static string Index(MessageId id) => "i!" + Escape(id.Value);

    /// <summary>The row that says what became of a message.</summary>
    public static string Result(MessageId id) => ResultsFrom + Escape(id.Value);

    /// <summary>The row of one chunk of a larger body.</summary>
    public static string Chunk(Sequence sequence, string revision, int number) => $"b!{sequence}!{revision}!{number}";

    /// <summary>The row of an event of a message that is not published yet.</summary>
    public static string Event(Sequence sequence, string revision) => $"e!{sequence}!{revision}";

    /// <summary>The row of a message that is to be sent to another deployment, right before its <see cref="OutboxChunk"/> rows.</summary>
    public static string Outbox(Sequence sequence) => $"{OutboxFrom}{sequence}";

    /// <summary>The row of one chunk of the larger body of a message that is to be sent to another deployment.</summary>
    public static string OutboxChunk(Sequence sequence, int number) => $"{OutboxFrom}{sequence}!b{number}";

    /// <summary>The row of a message that was sent to another deployment and has changed since.</summary>
    public static string Change(Sequence sequence) => $"{ChangesFrom}{sequence}";

    /// <summary>The row that says when a message expires.</summary>
    public static string Expiry(long expiresAt, Sequence sequence) => $"x!{Hex(expiresAt)}!{sequence}";

    /// <summary>The row that says when another row expires, which is no message.</summary>
    public static string ExpiryOf(string key, long expiresAt) => $"x!{Hex(expiresAt)}!{key}";

    /// <summary>The row of a reader.</summary>
    public static string Reader(ReaderName name) => ReadersFrom + NameHash.Of(name.Value);

    /// <summary>The row of a producer.</summary>
    public static string Producer(ProducerName name) => ProducersFrom + NameHash.Of(name.Value);

    /// <summary>The row of a group, right before its <see cref="WaitingPlace"/> rows.</summary>
    public static string Group(GroupName name) => "g!" + NameHash.Of(name.Value);

    /// <summary>The row of a waiting message in its group.</summary>
    public static string WaitingPlace(GroupName name, Sequence sequence) => $"{Group(name)}!{sequence}";

    /// <summary>The end, exclusive, of the rows of a group.</summary>
    public static string GroupBefore(GroupName name) => Group(name) + "!~";

    /// <summary>The row of a dead message that holds its group back.</summary>
    public static string Holder(Sequence sequence) => $"{HoldersFrom}{sequence}";

    /// <summary>The end, exclusive, of the rows of messages that have expired by <paramref name="now"/>.</summary>
    public static string ExpiredBefore(long now) => $"x!{Hex(now + 1)}";

    /// <summary>The sequence at the end of the key of a line row.</summary>
    public static Sequence SequenceOf(string lineKey) => Sequence.TryParse(lineKey[^16..])!.Value;

    /// <summary>The instant of a key of the hidden line; 0 for one of the visible line.</summary>
    public static long VisibleAtOf(string lineKey) =>
        lineKey[0] == 'h' ? long.Parse(lineKey.AsSpan(2, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : 0;

    private static string Hex(long value) => value.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>
    /// ASCII letters, digits, <c>.</c>, <c>_</c> and <c>-</c> stay as they are. Every other byte of the UTF-8 becomes <c>=</c> and
    /// two digits. If that is too long, the result is <c>==</c> (which no escaped text holds) and a hash.
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
