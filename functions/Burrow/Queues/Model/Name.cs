using System.Text;

namespace Burrow.Queues;

/// <summary>What accounts, queues and ids may be called (protocol, part 1).</summary>
public static class Name
{
    /// <summary>The order of names, which is that of their UTF-8.</summary>
    internal static readonly Comparer<string> ByCodePoint = Comparer<string>.Create(CompareByCodePoint);

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static int CompareByCodePoint(string a, string b)
    {
        var alike = a.AsSpan().CommonPrefixLength(b);
        if (alike == a.Length || alike == b.Length)
            return a.Length.CompareTo(b.Length);
        // Surrogates spell what comes after all else, though in UTF-16 they stand before some of it.
        return (char.IsSurrogate(a[alike]), a[alike]).CompareTo((char.IsSurrogate(b[alike]), b[alike]));
    }

    /// <summary>
    /// The name, if it is one: 1 to <see cref="QueueLimits.NameBytes"/> bytes of UTF-8, no NUL, neither <c>.</c> nor <c>..</c>
    /// (which hosts resolve before anyone sees them).
    /// </summary>
    /// <exception cref="InvalidRequestException">It isn't; says why.</exception>
    public static string Parse(string value, string what)
    {
        if (value.Length == 0)
            throw new InvalidRequestException(what, $"{what} is empty; it has 1 to {QueueLimits.NameBytes} bytes of UTF-8.");
        if (value is "." or "..")
            throw new InvalidRequestException(what, $"{what} can't be '{value}': hosts resolve dot segments.");
        if (value.Contains('\0'))
            throw new InvalidRequestException(what, $"{what} can't hold the character NUL.");
        int bytes;
        try
        {
            bytes = Strict.GetByteCount(value);
        }
        catch (EncoderFallbackException)
        {
            throw new InvalidRequestException(what, $"{what} isn't UTF-8: it holds half of a surrogate pair.");
        }

        return bytes <= QueueLimits.NameBytes
            ? value
            : throw new InvalidRequestException(what, $"{what} has {bytes} bytes of UTF-8; at most {QueueLimits.NameBytes} are allowed.");
    }
}
