using System.Diagnostics;
using Burrow.Telemetry;

namespace Burrow.Queues;

/// <summary>
/// Follows messages whose producers are traced: what becomes of one is a span in its own trace, beneath its put, and linked with the
/// request that did it, both ways. So one message is followed by one trace, and a request that did something to many names them.
/// </summary>
internal static class MessageTrace
{
    /// <summary>Messages of one request that are told of: as many links as a span has by default (OpenTelemetry, "Span Limits").</summary>
    private const int Max = 128;

    /// <summary>A worker got them, by the request that is served.</summary>
    public static void Received(QueueAddress queue, IReadOnlyList<Message> messages) =>
        RecordSpans(
            "receive", ActivityKind.Consumer, Activity.Current, messages.Select(message => (queue, message.Id, message.TraceParent)));

    /// <summary>Event Grid took the events that they were put, by that request.</summary>
    public static void Published(Activity? request, IEnumerable<(QueueAddress Queue, MessageId Id, string? TraceParent)> messages) =>
        RecordSpans("publish", ActivityKind.Producer, request, messages);

    private static void RecordSpans(
        string operation, ActivityKind kind, Activity? cause, IEnumerable<(QueueAddress Queue, MessageId Id, string? TraceParent)> messages)
    {
        if (!Instruments.Source.HasListeners())
            return;
        foreach (var (queue, id, traceParent) in messages.Where(message => message.TraceParent is not null).Take(Max))
        {
            if (!ActivityContext.TryParse(traceParent, null, isRemote: true, out var put))
                continue;
            cause?.AddLink(new(put));
            using var span = Instruments.Source.StartActivity(
                operation,
                kind,
                put,
                tags:
                [
                    new("messaging.system", "burrow"),
                    new("messaging.operation.name", operation),
                    new("messaging.destination.name", queue.Queue.Value),
                    new("messaging.message.id", id.Value),
                    new("burrow.account", queue.Account.Value),
                ],
                links: cause is null ? null : [new(cause.Context)]);
        }
    }
}
