using System.Text;
using System.Text.RegularExpressions;

namespace Burrow.Queues;

/// <summary>The rules for names of accounts and queues, and for ids (docs/reference/limits.md).</summary>
public static partial class Name
{
    /// <summary>The order of names: that of their UTF-8 bytes.</summary>
    internal static readonly Comparer<string> ByCodePoint = Comparer<string>.Create(CompareByCodePoint);

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The text with each <c>%2F</c> as the <c>/</c> that it means. The Functions host encodes a path once more, so that behind it
    /// <c>%2F</c> and <c>%252F</c> arrive alike.
    /// </summary>
    public static string WithSlashes(string text) =>
        text.Contains('%') ? text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) : text;

    /// <summary>How a byte that isn't UTF-8 arrives behind the Functions host, which decodes only what is.</summary>
    [GeneratedRegex("%[89A-Fa-f][0-9A-Fa-f]")]
    private static partial Regex EscapedByte();

    private static int CompareByCodePoint(string a, string b)
    {
        var alike = a.AsSpan().CommonPrefixLength(b);
        if (alike == a.Length || alike == b.Length)
            return a.Length.CompareTo(b.Length);
        // Surrogates encode the code points that sort last. Their own values are smaller than those of some other UTF-16 characters.
        return (char.IsSurrogate(a[alike]), a[alike]).CompareTo((char.IsSurrogate(b[alike]), b[alike]));
    }

    /// <summary>
    /// Returns the name that the text means, if it is valid: 1 to <paramref name="maxBytes"/> bytes of UTF-8, no NUL, neither
    /// <c>.</c> nor <c>..</c> (hosts resolve these before the request arrives), no <c>%80</c> to <c>%FF</c> as text.
    /// <c>%2F</c> as text means <c>/</c>.
    /// </summary>
    /// <exception cref="InvalidRequestException">The name is not valid. The message says why.</exception>
    public static string Parse(string value, string what, int maxBytes = QueueLimits.NameBytes)
    {
        value = WithSlashes(value);
        if (value.Length == 0)
            throw new InvalidRequestException(what, $"{what} is empty; it has 1 to {maxBytes} bytes of UTF-8.");
        if (value is "." or "..")
            throw new InvalidRequestException(what, $"{what} can't be '{value}': hosts resolve dot segments.");
        if (value.Contains('\0'))
            throw new InvalidRequestException(what, $"{what} can't hold the character NUL.");
        if (value.Contains('%') && EscapedByte().Match(value) is { Success: true } escape)
        {
            throw new InvalidRequestException(
                what,
                $"{what} can't hold the text {escape.Value}: it can't be told from a byte that isn't UTF-8. Encode a name's UTF-8 once.");
        }

        int bytes;
        try
        {
            bytes = Strict.GetByteCount(value);
        }
        catch (EncoderFallbackException)
        {
            throw new InvalidRequestException(what, $"{what} isn't UTF-8: it holds half of a surrogate pair.");
        }

        return bytes <= maxBytes
            ? value
            : throw new InvalidRequestException(what, $"{what} has {bytes} bytes of UTF-8; at most {maxBytes} are allowed.");
    }
}
