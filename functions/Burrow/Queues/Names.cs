using System.Text;

namespace Burrow.Queues;

/// <summary>An account: opaque, case-sensitive text, as <see cref="Name"/> demands.</summary>
public readonly record struct AccountName(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static AccountName Parse(string value) => new(Name.Parse(value, "account"));

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>A queue's name within its account: opaque, case-sensitive text, as <see cref="Name"/> demands.</summary>
public readonly record struct QueueName(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static QueueName Parse(string value) => new(Name.Parse(value, "queue"));

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>A message's id, unique in its queue: opaque, case-sensitive text, as <see cref="Name"/> demands.</summary>
public readonly record struct MessageId(string Value)
{
    /// <inheritdoc cref="Name.Parse"/>
    public static MessageId Parse(string value) => new(Name.Parse(value, "id"));

    /// <summary>A new one: 26 characters of <c>a-z2-7</c>, 128 random bits.</summary>
    public static MessageId New(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new(Base32.Encode(bytes));
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

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
    /// The name, if it is one: 1 to <see cref="Limits.NameBytes"/> bytes of UTF-8, no NUL, neither <c>.</c> nor <c>..</c>
    /// (which hosts resolve before anyone sees them).
    /// </summary>
    /// <exception cref="InvalidRequestException">It isn't; says why.</exception>
    public static string Parse(string value, string what)
    {
        if (value.Length == 0)
            throw new InvalidRequestException(what, $"{what} is empty; it has 1 to {Limits.NameBytes} bytes of UTF-8.");
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

        return bytes <= Limits.NameBytes
            ? value
            : throw new InvalidRequestException(what, $"{what} has {bytes} bytes of UTF-8; at most {Limits.NameBytes} are allowed.");
    }
}
