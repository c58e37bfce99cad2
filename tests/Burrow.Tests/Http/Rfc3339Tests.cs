using System.Globalization;
using System.Text.RegularExpressions;
using Burrow.Http.Pipeline;
using CsCheck;

namespace Burrow.Tests.Http;

/// <summary>Instants as clients write them (RFC 3339), compared with the framework's own parser as far as that goes.</summary>
public sealed partial class Rfc3339Tests
{
    private static readonly Gen<string> Seconds = Gen.Select(
        Gen.Int[1, 9999], Gen.Int[1, 12], Gen.Int[0, 30], Gen.Int[0, 23], Gen.Int[0, 59], Gen.Int[0, 59], (year, month, day, h, m, s) =>
        {
            var date = new DateTime(year, month, 1).AddDays(day % DateTime.DaysInMonth(year, month));
            return date.Add(new TimeSpan(h, m, s)).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        });

    private static readonly Gen<string> Texts = Gen.Select(Seconds, Digits(7), Offsets(14 * 60), (seconds, digits, offset) =>
        seconds + (digits.Length > 0 ? "." : "") + digits + offset);

    [Fact]
    public void What_the_framework_reads_is_read_alike() => Texts.Sample(text => Rfc3339.Parse(text).ShouldBe(Expected(text)));

    [Fact]
    public void A_damaged_instant_is_read_as_the_framework_reads_it_or_not_at_all() =>
        Gen.Select(Texts, Gen.Int[0, 40], Gen.Int[0, 2], Gen.Char["0123456789-+:.TtZz ٣"]).Sample((text, at, length, character) =>
        {
            at %= text.Length;
            var damaged = text[..at] + character + text[Math.Min(at + length, text.Length)..];
            if (!LeapSecond().IsMatch(damaged))
                Rfc3339.Parse(damaged).ShouldBe(Expected(damaged));
        });

    [Fact]
    public void A_field_may_have_each_value_of_its_range_and_no_other() => Gen.Select(
        Gen.Int[0, 10], Gen.Int[0, 13], Gen.Int[0, 32], Gen.Int[0, 25], Gen.Int[0, 61], Gen.Int[0, 61], Gen.Int[0, 25], Gen.Int[0, 61])
        .Sample((year, month, day, hour, minute, second, hours, minutes) =>
        {
            var text = FormattableString.Invariant(
                $"{year:0000}-{month:00}-{day:00}T{hour:00}:{minute:00}:{second:00}+{hours:00}:{minutes:00}");
            var isOne = year >= 1 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
                && hour <= 23 && minute <= 59 && second <= 59 && hours <= 23 && minutes <= 59;
            var ticks = isOne
                ? new DateTime(year, month, day, hour, minute, second).Ticks - new TimeSpan(hours, minutes, 0).Ticks
                : -1;
            var read = Rfc3339.Parse(text);
            if (second == 60)
                (read is null or { Day: 1, TimeOfDay.Ticks: 0 }).ShouldBeTrue(text);
            else
                read.ShouldBe(ticks < 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero), text);
        });

    [Fact]
    public void Digits_are_cut_off_after_100_ns_and_an_offset_is_up_to_a_day() =>
        Gen.Select(Seconds, Digits(40), Offsets(24 * 60 - 1)).Sample((seconds, digits, offset) =>
        {
            var ticks = DateTime.Parse(seconds, CultureInfo.InvariantCulture).Ticks
                + long.Parse(digits.PadRight(7, '0').AsSpan(0, 7), CultureInfo.InvariantCulture)
                - TimeSpan.ParseExact(offset, ["'Z'", @"'+'hh\:mm", @"'-'hh\:mm"], null, TimeSpanStyles.None).Ticks
                    * (offset[0] == '-' ? -1 : 1);
            Rfc3339.Parse(seconds + (digits.Length > 0 ? "." : "") + digits + offset).ShouldBe(
                ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null);
        });

    [Theory]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z")]
    [InlineData("2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.25Z")]
    [InlineData("2015-06-30T16:59:60-07:00", "2015-07-01T00:00:00Z")]
    [InlineData("2015-07-01T09:29:60+09:30", "2015-07-01T00:00:00Z")]
    [InlineData("2024-02-29T23:59:60Z", "2024-03-01T00:00:00Z")]
    public void A_leap_second_is_the_second_after_it(string text, string expected) =>
        Rfc3339.Parse(text).ShouldBe(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("2016-12-31T23:58:60Z")]
    [InlineData("2016-12-31T12:59:60Z")]
    [InlineData("2016-12-30T23:59:60Z")]
    [InlineData("2016-12-31T23:59:60-07:00")]
    [InlineData("2016-12-31T23:59:61Z")]
    [InlineData("9999-12-31T23:59:60Z")]
    [InlineData("0001-01-01T00:59:60+01:00")]
    [InlineData("0001-01-01T00:00:60+23:59")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2100-02-29T00:00:00Z")]
    [InlineData("2030-01-01T00:00:00.Z")]
    [InlineData("2030-01-01T00:00:00,5Z")]
    [InlineData("2030-01-01T00:00:00")]
    [InlineData("2030-01-01T00:00:00.5")]
    [InlineData("2030-01-01T00:00Z")]
    [InlineData("2030-01-01 00:00:00Z")]
    [InlineData("2030-01-01T00:00:00+0100")]
    [InlineData("2030-01-01T00:00:00+01")]
    [InlineData("2030-01-01T00:00:00Z\n")]
    [InlineData("2030-01-01T00:00:00Z ")]
    [InlineData("+2030-01-01T00:00:00Z")]
    [InlineData("12030-01-01T00:00:00Z")]
    [InlineData("")]
    public void What_is_no_instant_is_none(string text) => Rfc3339.Parse(text).ShouldBeNull();

    /// <summary>What the framework reads of a text with at most seven digits of a second and an offset of at most 14 hours.</summary>
    private static DateTimeOffset? Expected(string text) =>
        Shape().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var instant)
            ? instant.ToUniversalTime()
            : null;

    private static Gen<string> Digits(int most) => Gen.String[Gen.Char['0', '9'], 0, most];

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static Gen<string> Offsets(int mostMinutes) => Gen.OneOf(
        OneOf("Z", "-00:00"),
        Gen.Int[-mostMinutes, mostMinutes].Select(
            minutes => FormattableString.Invariant($"{(minutes < 0 ? '-' : '+')}{Math.Abs(minutes) / 60:00}:{Math.Abs(minutes) % 60:00}")));

    [GeneratedRegex(
        @"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,7})?([Zz]|[+-]\d\d:\d\d)\z", RegexOptions.ECMAScript)]
    private static partial Regex Shape();

    [GeneratedRegex(@":60([.Zz+-]|\z)|[.]\d{8}|[+-](14:[0-5][1-9]|14:[1-5]|1[5-9]|2[0-3]):?")]
    private static partial Regex LeapSecond();
}
