using System.Globalization;
using System.Numerics;
using System.Text;
using Burrow.Http.Pipeline;
using CsCheck;

namespace Burrow.Tests.Http;

/// <summary>Whole numbers in every notation of JSON, compared with exact fractions.</summary>
public sealed class JsonIntegerTests
{
    private static readonly Gen<string> Digits = Gen.Frequency(
        (3, Gen.String[Gen.Char['0', '9'], 0, 25]),
        (2, Gen.String[Gen.Char["09"], 0, 25]));

    private static readonly Gen<string> Numbers = Gen.Select(
        OneOf("", "-"),
        Digits,
        Digits,
        Gen.OneOf(Gen.Const(""), Gen.Select(OneOf("e", "E", "e+", "E-", "e-", "e0"), Gen.Int[0, 45], (e, n) => e + n)),
        (sign, whole, fraction, exponent) =>
            sign + (whole.TrimStart('0') is { Length: > 0 } some ? some : "0") + (fraction.Length > 0 ? "." : "") + fraction + exponent);

    [Fact]
    public void A_number_is_read_if_and_only_if_it_is_whole_and_a_long() =>
        Numbers.Sample(text => Parse(text).ShouldBe(Expected(text), text));

    [Fact]
    public void A_long_is_read_however_it_is_written() => Gen.Select(Gen.Long, Gen.Int[0, 30]).Sample((value, zeros) =>
    {
        var sign = value < 0 ? "-" : "";
        var digits = BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture);
        Parse($"{value}").ShouldBe(value);
        Parse($"{value}.{new string('0', zeros + 1)}").ShouldBe(value);
        Parse($"{sign}{digits[0]}.{digits[1..]}0e{digits.Length - 1}").ShouldBe(value);
        Parse($"{sign}0.{new string('0', zeros)}{digits}E+{digits.Length + zeros}").ShouldBe(value);
        Parse($"{value}{new string('0', zeros)}e-{zeros}").ShouldBe(value);
    });

    [Theory]
    [InlineData("60", 60L)]
    [InlineData("60.0", 60L)]
    [InlineData("6e1", 60L)]
    [InlineData("6E+1", 60L)]
    [InlineData("0.6e2", 60L)]
    [InlineData("6000e-2", 60L)]
    [InlineData("6e0000000000000000000000001", 60L)]
    [InlineData("-0", 0L)]
    [InlineData("-0.0", 0L)]
    [InlineData("0e99999999999999999999", 0L)]
    [InlineData("0.000e-99999999999999999999", 0L)]
    [InlineData("9007199254740993", 9007199254740993L)]
    [InlineData("9007199254740993.0", 9007199254740993L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("9223372036854775808", null)]
    [InlineData("-9223372036854775809", null)]
    [InlineData("18446744073709551616", null)]
    [InlineData("60.5", null)]
    [InlineData("1e400", null)]
    [InlineData("1e-400", null)]
    [InlineData("1e99999999999999999999", null)]
    [InlineData("1e-99999999999999999999", null)]
    [InlineData("9007199254740992.0000000000000000000000001", null)]
    [InlineData("0.1", null)]
    public void The_notation_does_not_matter_and_the_value_does(string text, long? value) => Parse(text).ShouldBe(value);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static long? Parse(string text) => JsonInteger.Parse(Encoding.ASCII.GetBytes(text));

    private static long? Expected(string text)
    {
        var parts = text.Split('e', 'E');
        var exponent = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var point = parts[0].IndexOf('.');
        var fraction = point < 0 ? 0 : parts[0].Length - point - 1;
        var numerator = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
            * BigInteger.Pow(10, Math.Max(0, exponent - fraction));
        var value = BigInteger.DivRem(numerator, BigInteger.Pow(10, Math.Max(0, fraction - exponent)), out var rest);
        return rest.IsZero && value >= long.MinValue && value <= long.MaxValue ? (long)value : null;
    }
}
