using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Burrow.Client;

/// <summary>
/// Spans and metrics by the names of OpenTelemetry's conventions for messaging. Both come from the source and meter
/// <see cref="BurrowClient.TelemetryName"/>.
/// </summary>
internal static class ClientTelemetry
{
    private static readonly ActivitySource Source = new(BurrowClient.TelemetryName);
    private static readonly Meter Meter = new(BurrowClient.TelemetryName);

    private static readonly Histogram<double> OperationDuration = Meter.CreateHistogram<double>(
        "messaging.client.operation.duration", "s", "How long a request took, repeats included.");

    private static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram<double>(
        "messaging.process.duration", "s", "How long a handler took for a message.");

    /// <summary>Begins the span of a request.</summary>
    public static Activity? Begin(Call call, Uri endpoint)
    {
        var span = Source.StartActivity(
            call.Queue is null ? call.Operation : $"{call.Operation} {call.Queue}",
            call.Operation == "put" ? ActivityKind.Producer : ActivityKind.Client);
        return span?.SetTag("messaging.system", "burrow")
            .SetTag("messaging.operation.name", call.Operation)
            .SetTag("messaging.destination.name", call.Queue)
            .SetTag("server.address", endpoint.Host);
    }

    /// <summary>Ends it.</summary>
    /// <param name="span">The span; null: it is not recorded.</param>
    /// <param name="call">The request.</param>
    /// <param name="error">The status or the exception, if it failed.</param>
    /// <param name="duration">How long it took.</param>
    public static void End(Activity? span, Call call, string? error, TimeSpan duration)
    {
        if (error is not null)
            span?.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
        if (OperationDuration.Enabled)
            OperationDuration.Record(duration.TotalSeconds, TagsOf(call.Operation, call.Queue, error));
    }

    /// <summary>Begins the span of a handler, in the trace of the put.</summary>
    public static Activity? BeginProcess(string queue, string id, string? traceParent) =>
        Source.StartActivity($"process {queue}", ActivityKind.Consumer, traceParent)
            ?.SetTag("messaging.system", "burrow")
            .SetTag("messaging.operation.name", "process")
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.destination.name", queue)
            .SetTag("messaging.message.id", id);

    /// <summary>Ends it.</summary>
    public static void EndProcess(Activity? span, string queue, Workers.WorkerOutcome outcome, Exception? error, TimeSpan duration)
    {
        var said = outcome.ToString().ToLowerInvariant();
        span?.SetTag("burrow.outcome", said);
        if (error is not null)
            span?.SetTag("error.type", error.GetType().FullName).SetStatus(ActivityStatusCode.Error, error.Message);
        if (!ProcessDuration.Enabled)
            return;
        var tags = TagsOf("process", queue, error?.GetType().FullName);
        tags.Add("burrow.outcome", said);
        ProcessDuration.Record(duration.TotalSeconds, tags);
    }

    private static TagList TagsOf(string operation, string? queue, string? error)
    {
        var tags = new TagList { { "messaging.system", "burrow" }, { "messaging.operation.name", operation } };
        if (queue is not null)
            tags.Add("messaging.destination.name", queue);
        if (error is not null)
            tags.Add("error.type", error);
        return tags;
    }
}
