namespace Burrow.Simulation.World;

/// <summary>
/// What the world of one seed is like: how slow and unreliable storage is, how long-lived the processes are. Every seed has
/// some of all troubles, many or none, so that they meet in every combination.
/// </summary>
internal sealed record Conditions
{
    public required int Instances { get; init; }

    /// <summary>Of each clock, at most so far from true time, either way.</summary>
    public required TimeSpan Skew { get; init; }

    /// <summary>What a request to storage takes, one way.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>How many requests take up to <see cref="SlowLatency"/>.</summary>
    public required double Slow { get; init; }

    public required TimeSpan SlowLatency { get; init; }

    /// <summary>How many requests fail before anything was done.</summary>
    public required double FailsBefore { get; init; }

    /// <summary>How many are carried out and then answered by a failure.</summary>
    public required double FailsAfter { get; init; }

    /// <summary>How many are answered by a failure and carried out later.</summary>
    public required double FailsThenHappens { get; init; }

    /// <summary>How many of the failures take as long as a time-out.</summary>
    public required double TimesOut { get; init; }

    /// <summary>How many pages are cut short.</summary>
    public required double SmallPages { get; init; }

    /// <summary>How many pages are empty, with a continuation.</summary>
    public required double EmptyPages { get; init; }

    /// <summary>At how many requests to storage the process dies, before or after it is carried out.</summary>
    public required double Dies { get; init; }

    /// <summary>At how many the process freezes.</summary>
    public required double Freezes { get; init; }

    /// <summary>Spans of true time in which storage fails all.</summary>
    public required IReadOnlyList<(long From, long To)> Outages { get; init; }

    /// <summary>How many requests lose their client before the answer.</summary>
    public required double Disconnects { get; init; }

    /// <summary>Whether somebody wants to hear of all that happens.</summary>
    public required bool Announces { get; init; }

    /// <summary>How many requests that tell it are refused, half of them though it was heard.</summary>
    public required double RefusesEvents { get; init; }

    /// <summary>Whether nothing ever goes wrong: then nothing may be refused, and all is prompt.</summary>
    public bool IsCalm =>
        Slow == 0 && FailsBefore == 0 && FailsAfter == 0 && FailsThenHappens == 0 && Dies == 0 && Freezes == 0 && Outages.Count == 0
        && Latency < TimeSpan.FromMilliseconds(50);

    /// <summary>What comes after all trouble: the same, with nothing going wrong any more.</summary>
    public Conditions Calmed() => this with
    {
        Latency = TimeSpan.FromMilliseconds(1),
        Slow = 0,
        FailsBefore = 0,
        FailsAfter = 0,
        FailsThenHappens = 0,
        Dies = 0,
        Freezes = 0,
        Disconnects = 0,
        RefusesEvents = 0,
        Outages = [],
    };

    public static Conditions Draw(Random random)
    {
        var calm = random.Next(6) == 0;
        double Often(params double[] rates) => calm ? 0 : rates[random.Next(rates.Length)];
        return new()
        {
            Instances = random.Next(1, 5),
            Skew = TimeSpan.FromSeconds(random.Next(3) == 0 ? 0 : 5 * random.NextDouble()),
            Latency = TimeSpan.FromMilliseconds(Pick(0.1, 2, 10, 40)),
            Slow = Often(0, 0, 0.02, 0.1),
            SlowLatency = TimeSpan.FromSeconds(Pick(0.3, 2, 8)),
            FailsBefore = Often(0, 0.01, 0.05, 0.3),
            FailsAfter = Often(0, 0.01, 0.05, 0.2),
            FailsThenHappens = Often(0, 0, 0.02, 0.1),
            TimesOut = Often(0, 0, 0.1),
            SmallPages = Pick(0, 0.1, 0.6),
            EmptyPages = Pick(0, 0.1, 0.3),
            Dies = Often(0, 0, 0.001, 0.005),
            Freezes = Often(0, 0, 0.002),
            Outages = [.. Enumerable.Range(0, calm ? 0 : Math.Max(0, random.Next(-2, 3))).Select(_ => Outage())],
            Disconnects = Pick(0, 0.02, 0.1),
            Announces = random.Next(3) == 0,
            RefusesEvents = Often(0, 0.1, 0.5),
        };

        double Pick(params double[] values) => values[random.Next(values.Length)];

        (long, long) Outage()
        {
            var from = TimeSpan.FromSeconds(random.Next(120)).Ticks;
            return (from, from + TimeSpan.FromSeconds(random.Next(1, 45)).Ticks);
        }
    }
}
