using System.Globalization;

namespace Burrow.Http.Pipeline;

/// <summary>
/// Reads whole numbers in every notation of JSON: <c>60</c>, <c>60.0</c> and <c>6e1</c> are one integer (JSON Schema 2020-12, section
/// 4.2.3). It computes with the digits, so it rounds nothing.
/// </summary>
internal static class JsonInteger
{
    /// <param name="number">A number as JSON writes it.</param>
    /// <returns>The number; null if it is not whole, or is no <see cref="long"/>.</returns>
    public static long? Parse(ReadOnlySpan<byte> number)
    {
        var end = number.IndexOfAny((byte)'e', (byte)'E');
        var digits = number[..(end < 0 ? number.Length : end)];
        var point = digits.IndexOf((byte)'.');
        // The number is the value, with that many zeros behind it.
        var value = 0UL;
        var zeros = 0L;
        foreach (var digit in digits)
        {
            if (digit == '0')
            {
                zeros++;
            }
            else if (char.IsAsciiDigit((char)digit))
            {
                if (!TryShift(ref value, zeros + 1))
                    return null;
                (value, zeros) = (value + (ulong)(digit - '0'), 0);
            }
        }

        zeros += (end < 0 ? 0L : Exponent(number[(end + 1)..])) - (point < 0 ? 0 : digits.Length - point - 1);
        if (value == 0)
            return 0;
        if (zeros < 0 || !TryShift(ref value, zeros))
            return null;
        return number[0] == '-'
            ? value <= 1UL << 63 ? unchecked(-(long)value) : null
            : value <= long.MaxValue ? (long)value : null;
    }

    /// <summary>Multiplies by a power of ten.</summary>
    /// <returns>Whether the product, with any last digit, is still below 2^64.</returns>
    private static bool TryShift(ref ulong value, long zeros)
    {
        for (; zeros > 0 && value > 0; zeros--)
        {
            if (value > (ulong.MaxValue - 9) / 10)
                return false;
            value *= 10;
        }

        return true;
    }

    /// <summary>The exponent. One that is no <see cref="int"/> is cut to the largest, which is more than a body has digits.</summary>
    private static int Exponent(ReadOnlySpan<byte> text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) ? exponent
        : text[0] == '-' ? -int.MaxValue
        : int.MaxValue;
}
