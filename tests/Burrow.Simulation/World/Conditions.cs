namespace Burrow.Simulation.World;

/// <summary>
/// What the world of one seed is like: how slow and unreliable storage is, and how long the processes live. A seed has none, some
/// or much of each kind of trouble, so that the kinds meet in every combination.
/// </summary>
internal sealed record Conditions
{
    public required int Instances { get; init; }

    /// <summary>How far each clock is from true time at most, in either direction.</summary>
    public required TimeSpan Skew { get; init; }

    /// <summary>The time that a request to storage takes, one way.</summary>
    public required TimeSpan Latency { get; init; }

    /// <summary>The share of requests that take up to <see cref="SlowLatency"/>.</summary>
    public required double Slow { get; init; }

    public required TimeSpan SlowLatency { get; init; }

    /// <summary>The share of requests that fail before storage does anything.</summary>
    public required double FailsBefore { get; init; }

    /// <summary>The share of requests that storage carries out and then answers with a failure.</summary>
    public required double FailsAfter { get; init; }

    /// <summary>The share of requests that storage answers with a failure and carries out later.</summary>
    public required double FailsThenHappens { get; init; }

    /// <summary>The share of failures that take as long as a time-out.</summary>
    public required double TimesOut { get; init; }

    /// <summary>The share of pages that are cut short.</summary>
    public required double SmallPages { get; init; }

    /// <summary>The share of pages that are empty, with a continuation.</summary>
    public required double EmptyPages { get; init; }

    /// <summary>The share of requests to storage at which the process dies, before or after storage carries the request out.</summary>
    public required double Dies { get; init; }

    /// <summary>The share of requests to storage at which the process freezes.</summary>
    public required double Freezes { get; init; }

    /// <summary>Spans of true time, in ticks, in which storage fails every request.</summary>
    public required IReadOnlyList<(long From, long To)> Outages { get; init; }

    /// <summary>The share of requests whose client disconnects before the response.</summary>
    public required double Disconnects { get; init; }

    /// <summary>Whether there are subscribers, who want every event.</summary>
    public required bool Announces { get; init; }

    /// <summary>The share of requests with events that are refused. In half of these cases, the events were taken nevertheless.</summary>
    public required double RefusesEvents { get; init; }

    /// <summary>Whether nothing ever goes wrong. Then no request may be answered with 503, and every answer is prompt.</summary>
    public bool IsCalm =>
        Slow == 0 && FailsBefore == 0 && FailsAfter == 0 && FailsThenHappens == 0 && Dies == 0 && Freezes == 0 && Outages.Count == 0
        && Latency < TimeSpan.FromMilliseconds(50);

    /// <summary>The conditions after all trouble: the same, but nothing goes wrong any more.</summary>
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
