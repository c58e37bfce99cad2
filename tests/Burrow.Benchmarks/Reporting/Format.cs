using System.Globalization;

namespace Burrow.Benchmarks.Reporting;

/// <summary>Figures as text. Ratios are never rounded towards their target.</summary>
internal static class Format
{
    public const string None = "–";

    public static string Rate(double value) => value.ToString(value < 100 ? "n1" : "n0", CultureInfo.InvariantCulture) + "/s";

    public static string Time(TimeSpan time) => Milliseconds(time.TotalMilliseconds);

    public static string Milliseconds(double value) => value.ToString(value < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture) + " ms";

    public static string Ratio(double value) => (Math.Floor(value * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture);

    public static string Growth(double value) => (Math.Ceiling(value * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture);

    public static string Mebibytes(double value) => value.ToString("0.0", CultureInfo.InvariantCulture) + " MiB";

    public static string Percent(double value) => value.ToString("0.00", CultureInfo.InvariantCulture) + " %";

    public static string Count(double value) => value.ToString(value == Math.Floor(value) ? "n0" : "n1", CultureInfo.InvariantCulture);
}
