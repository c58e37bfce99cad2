using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Burrow.Telemetry;

/// <summary>
/// All metrics and traces. While no listener collects them, an instrument costs the read of a field, and no span is created.
/// docs/telemetry.md describes them in words.
/// </summary>
internal static class Instruments
{
    public static readonly ActivitySource Source = new(TelemetryServices.Name);

    private static readonly Meter Meter = new(TelemetryServices.Name);

    /// <summary>Buckets in seconds: from a request to storage nearby to a request that waits for messages.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250],
    };

    /// <summary>Buckets in seconds for how late an event is: from at once to a day.</summary>
    private static readonly InstrumentAdvice<double> LongSeconds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400],
    };

    private static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] };

    public static readonly Histogram<double> RequestDuration = Meter.CreateHistogram(
        "burrow.request.duration", "s", "From a request to its answer, waiting for messages included.", advice: Seconds);

    public static readonly Histogram<double> StorageDuration = Meter.CreateHistogram(
        "burrow.storage.duration", "s", "Of one request to storage.", advice: Seconds);

    public static readonly Counter<long> StorageRetries = Meter.CreateCounter<long>(
        "burrow.storage.retries", "{request}", "Requests to storage that were sent again, as storage did not answer or was too busy.");

    public static readonly Histogram<int> GroupSize = Meter.CreateHistogram(
        "burrow.group.size", "{request}", "Requests that were served together.", advice: Sizes);

    public static readonly Counter<long> ClaimConflicts = Meter.CreateCounter<long>(
        "burrow.claim.conflicts", "{conflict}", "Looks at the front of a queue in which others were ahead of a claim or a take.");

    public static readonly UpDownCounter<int> Waiters = Meter.CreateUpDownCounter<int>(
        "burrow.waiters", "{request}", "Requests that wait for messages.");

    public static readonly Counter<long> Messages = Meter.CreateCounter<long>(
        "burrow.messages", "{message}", "Messages inserted, claimed, deleted or expired.");

    public static readonly Counter<long> Died = Meter.CreateCounter<long>(
        "burrow.messages.dead", "{message}", "Messages that died: a worker said so, or their deliveries were used up.");

    public static readonly Counter<long> ClaimedByPriority = Meter.CreateCounter<long>(
        "burrow.claims.by_priority", "{message}", "Messages that claims handed out, by their priority. Off by default.");

    public static readonly Histogram<double> OutboxLag = Meter.CreateHistogram(
        "burrow.outbox.lag", "s", "From a change to when its event was published, or was found waiting by the timer.", advice: LongSeconds);

    public static readonly Counter<long> EventsPublished = Meter.CreateCounter<long>(
        "burrow.events.published", "{event}", "Events that Event Grid took.");

    public static readonly Histogram<double> RelayLag = Meter.CreateHistogram(
        "burrow.relay.lag", "s", "From a put to when a relay brought it to the other side, or was found not to have.", advice: LongSeconds);

    public static readonly Counter<long> RelayedMessages = Meter.CreateCounter<long>(
        "burrow.relay.messages", "{message}", "Messages that relays brought to the other side.");

    public static readonly Counter<long> RelayFailures = Meter.CreateCounter<long>(
        "burrow.relay.failures", "{failure}", "Times that a relay could not go on with a queue, and waits.");

    public static readonly Histogram<double> SweepDuration = Meter.CreateHistogram(
        "burrow.sweep.duration", "s", "Of one run of the timer.", advice: Seconds);

    public static readonly Counter<long> SweepFailures = Meter.CreateCounter<long>(
        "burrow.sweep.failures", "{failure}", "Runs of the timer, and visits of one to a queue, that failed and will be repeated.");
}
