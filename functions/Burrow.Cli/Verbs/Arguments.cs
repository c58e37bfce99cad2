using System.CommandLine;
using System.Globalization;

namespace Burrow.Client.Cli.Verbs;

/// <summary>Arguments and options that several verbs have.</summary>
internal static class Arguments
{
    public static Argument<string> Queue() => new("queue") { Description = "The queue." };

    public static Argument<string> Id() => new("id") { Description = "The message." };

    public static Argument<string?> MaybeId() => Maybe("id", "The message; without it, all that match.");

    /// <summary>An argument that may be left out.</summary>
    public static Argument<string?> Maybe(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.ZeroOrOne };

    /// <summary>An option of whole seconds, or with a unit: <c>90</c>, <c>90s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>.</summary>
    public static Option<TimeSpan?> Time(string name, string description) => new(name)
    {
        Description = description + " Seconds, or with a unit: 90, 90s, 5m, 2h, 7d.",
        HelpName = "time",
        CustomParser = result =>
        {
            if (ParseTime(result.Tokens[0].Value) is { } time)
                return time;
            result.AddError($"{name}: '{result.Tokens[0].Value}' is no time: it is as 90, 90s, 5m, 2h or 7d.");
            return null;
        },
    };

    /// <summary>How long a message lives; <c>0</c> is for ever, as in the protocol.</summary>
    public static Option<TimeSpan?> Ttl() =>
        Time("--ttl", "How long the message lives; 0: for ever. Without it, as the queue's policy says, or 10 minutes.");

    public static Option<int> Limit(int standard, string description = "How many messages at most.")
    {
        var option = Number("--limit", description, standard, standard == 1 ? 1 : 0, standard == 1 ? 1_000 : int.MaxValue);
        option.Aliases.Add("-n");
        return option;
    }

    /// <summary>An option that is a whole number between bounds.</summary>
    public static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard, HelpName = "number" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token]
                && (!int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    || number < least || number > most))
            {
                result.AddError(most == int.MaxValue
                    ? $"{name}: '{token.Value}' is not a whole number from {least} upwards."
                    : $"{name}: '{token.Value}' is not a whole number from {least} to {most}.");
            }
        });
        return option;
    }

    /// <summary>A time to live for the client: 0 means for ever.</summary>
    public static TimeSpan? ToTtl(this TimeSpan? time) => time == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : time;

    private static TimeSpan? ParseTime(string text)
    {
        var unit = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? text[^1] : 's';
        var digits = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? text[..^1] : text;
        var seconds = unit switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        return seconds > 0
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= 3_153_600_000 / seconds
            ? TimeSpan.FromSeconds(number * seconds)
            : null;
    }
}
