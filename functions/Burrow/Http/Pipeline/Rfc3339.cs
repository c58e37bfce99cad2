namespace Burrow.Http.Pipeline;

/// <summary>
/// Reads instants as RFC 3339, section 5.6, writes them. The framework's parser takes no more than seven digits of a second, no offset
/// over 14 hours and no leap second.
/// </summary>
internal static class Rfc3339
{
    /// <summary>The length of <c>2030-01-31T12:00:00</c>.</summary>
    private const int SecondsEnd = 19;

    /// <summary>Reads an instant.</summary>
    /// <param name="text">
    /// The instant. Digits beyond 100 ns are cut off. A leap second (<c>23:59:60</c> UTC at the end of a month) is the second after it.
    /// </param>
    /// <returns>The instant in UTC; null if the text is none, or if its year is not 1 to 9999, as it is written or in UTC.</returns>
    public static DateTimeOffset? Parse(ReadOnlySpan<char> text)
    {
        if (text.Length <= SecondsEnd
            || (text[4], text[7], text[13], text[16]) != ('-', '-', ':', ':')
            || text[10] is not ('T' or 't')
            || Number(text[..4]) is not (>= 1 and var year)
            || Number(text[5..7]) is not (>= 1 and <= 12 and var month)
            || Number(text[8..10]) is not (>= 1 and var day)
            || day > DateTime.DaysInMonth(year, month)
            || Number(text[11..13]) is not (<= 23 and var hour)
            || Number(text[14..16]) is not (<= 59 and var minute)
            || Number(text[17..SecondsEnd]) is not (<= 60 and var second)
            || Fraction(text[SecondsEnd..], out var zone) is not { } fraction
            || Offset(zone) is not { } offset)
        {
            return null;
        }

        var isLeap = second == 60;
        var ticks = new DateTime(year, month, day, hour, minute, isLeap ? 59 : second).Ticks - offset.Ticks
            + (isLeap ? TimeSpan.TicksPerSecond : 0);
        if (ticks < 0 || ticks + fraction > DateTime.MaxValue.Ticks)
            return null;
        return !isLeap || (ticks > 0 && new DateTime(ticks) is { Day: 1, TimeOfDay.Ticks: 0 })
            ? new DateTimeOffset(ticks + fraction, TimeSpan.Zero)
            : null;
    }

    /// <summary>Ticks of a fraction, zero if there is none; null if it has no digit. What follows it is the zone.</summary>
    private static long? Fraction(ReadOnlySpan<char> text, out ReadOnlySpan<char> zone)
    {
        zone = text;
        if (text[0] != '.')
            return 0;
        var digits = text[1..];
        var length = digits.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : digits.Length;
        zone = digits[length..];
        if (length == 0)
            return null;
        var ticks = 0L;
        var unit = TimeSpan.TicksPerSecond;
        foreach (var digit in digits[..length])
            ticks += (digit - '0') * (unit /= 10);
        return ticks;
    }

    private static TimeSpan? Offset(ReadOnlySpan<char> zone)
    {
        if (zone is "Z" or "z")
            return TimeSpan.Zero;
        if (zone.Length != 6
            || zone[0] is not ('+' or '-')
            || zone[3] != ':'
            || Number(zone[1..3]) is not (<= 23 and var hours)
            || Number(zone[4..]) is not (<= 59 and var minutes))
        {
            return null;
        }

        var offset = new TimeSpan(hours, minutes, 0);
        return zone[0] == '-' ? -offset : offset;
    }

    /// <summary>The number that ASCII digits say; null if there is another character.</summary>
    private static int? Number(ReadOnlySpan<char> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
                return null;
            number = (10 * number) + (digit - '0');
        }

        return number;
    }
}
