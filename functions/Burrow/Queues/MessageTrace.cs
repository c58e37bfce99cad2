using System.Diagnostics;
using Burrow.Telemetry;

namespace Burrow.Queues;

/// <summary>
/// Traces the later steps of messages whose producers are traced. Each step of a message is a span in the message's own trace, under
/// the span of its put. That span and the request that made the step link to each other. So one trace follows one message, and a
/// request that changed many messages links to them.
/// </summary>
internal static class MessageTrace
{
    /// <summary>
    /// How many messages of one request are traced: as many as the default number of links of a span (OpenTelemetry, "Span Limits").
    /// </summary>
    private const int Max = 128;

    /// <summary>Records that a worker received the messages, through the current request.</summary>
    public static void Received(QueueAddress queue, IReadOnlyList<Message> messages) =>
        RecordSpans(
            "receive", ActivityKind.Consumer, Activity.Current, messages.Select(message => (queue, message.Id, message.TraceParent)));

    /// <summary>Records that Event Grid accepted, in that request, the events that say that the messages were put.</summary>
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
