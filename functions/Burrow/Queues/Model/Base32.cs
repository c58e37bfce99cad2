namespace Burrow.Queues;

/// <summary>RFC 4648 base32 in lower case, without padding: text that fits in keys and in names that ignore case.</summary>
internal static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[(bytes.Length * 8 + 4) / 5];
        int buffer = 0, bits = 0, length = 0;
        foreach (var value in bytes)
        {
            buffer = (buffer << 8) | value;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[length++] = Alphabet[(buffer >> bits) & 31];
            }
        }

        if (bits > 0)
            text[length] = Alphabet[(buffer << (5 - bits)) & 31];
        return text.ToString();
    }
}
