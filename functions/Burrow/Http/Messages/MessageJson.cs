using System.Text;
using System.Text.Json;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Http.Messages;

/// <summary>Writes messages and names as answers show them (docs/reference/api.md).</summary>
internal static class MessageJson
{
    /// <summary>A list of messages. The answer has no body if the detail is none.</summary>
    public static Answer List(MessageList list, Detail detail)
    {
        var answer = detail == Detail.None ? new Answer(200) : Answer.OfJson(200, json =>
        {
            json.WriteStartArray();
            foreach (var message in list.Messages)
                Write(json, message, detail);
            json.WriteEndArray();
        });
        return answer.With("Burrow-Marker", list.Last.ToString()).With("Burrow-More", list.More ? "true" : null);
    }

    /// <summary>One message. A list shows ids and bodies as JSON; here they are bytes.</summary>
    public static Answer One(Message message, Detail detail)
    {
        var answer = detail switch
        {
            Detail.None => new Answer(200),
            Detail.Id => new Answer(200, Answer.Bytes, Encoding.UTF8.GetBytes(message.Id.Value)),
            Detail.Body => new Answer(200, message.ContentType ?? Answer.Bytes, message.Body ?? []),
            _ => Answer.OfJson(200, json => Write(json, message, detail)),
        };
        return answer.With("ETag", message.Receipt.ETag);
    }

    /// <summary>The same, as an answer to a GET with a precondition.</summary>
    /// <exception cref="PreconditionFailedException"><c>If-Match</c> does not hold.</exception>
    public static Answer One(Message message, Detail detail, Precondition precondition)
    {
        if (!precondition.MatchHolds(message.Receipt))
            throw new PreconditionFailedException("If-Match: the message has another ETag.");
        var answer = One(message, detail);
        return precondition.NoneMatchHolds(message.Receipt) ? answer : answer.NotModified();
    }

    /// <summary>Names of accounts or queues. The answer has no body if the detail is none.</summary>
    public static Answer Names(NameList list, Detail detail)
    {
        var answer = detail == Detail.None ? new Answer(200) : Answer.OfJson(200, json =>
        {
            json.WriteStartArray();
            foreach (var name in list.Names)
            {
                if (detail == Detail.Id)
                {
                    json.WriteStringValue(name);
                    continue;
                }

                json.WriteStartObject();
                json.WriteString("id", name);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return answer.With("Burrow-More", list.More ? "true" : null);
    }

    /// <summary>One message of a list.</summary>
    public static void Write(Utf8JsonWriter json, Message message, Detail detail)
    {
        switch (detail)
        {
            case Detail.Id:
                json.WriteStringValue(message.Id.Value);
                return;
            case Detail.Body:
                if (IsText(message))
                    json.WriteStringValue(message.Body);
                else
                    json.WriteBase64StringValue(message.Body);
                return;
        }

        json.WriteStartObject();
        json.WriteString("id", message.Id.Value);
        json.WriteNumber("ttl", message.Ttl);
        json.WriteNumber("hide", message.Hide);
        if (detail is Detail.All or Detail.Full)
            WriteBody(json, message);
        if (detail == Detail.Full)
        {
            json.WriteString("etag", message.Receipt.ETag);
            json.WriteNumber("deliveries", message.Deliveries);
            json.WriteInstant("inserted", message.Inserted);
            if (message.ContentType is { } contentType)
                json.WriteString("contentType", contentType);
            if (message.TraceParent is { } traceParent)
                json.WriteString("traceparent", traceParent);
            if (message.Priority != QueueLimits.DefaultPriority)
                json.WriteNumber("priority", message.Priority);
            if (message.Group is { } group)
                json.WriteString("group", group.Value);
            if (message.Died is { } died)
                json.WriteInstant("died", died);
            if (message.Died is not null || message.Causes.Count > 0)
                CausesJson.Write(json, message.Causes, JsonText.Instant);
        }

        json.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter json, Message message)
    {
        if (IsText(message))
        {
            json.WriteString("body", message.Body);
            return;
        }

        json.WriteBase64String("body", message.Body);
        json.WriteString("encoding", "base64");
    }

    private static bool IsText(Message message) => System.Text.Unicode.Utf8.IsValid(message.Body);
}
