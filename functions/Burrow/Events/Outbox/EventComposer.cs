using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Azure.Messaging;
using Burrow.Events.Model;
using Burrow.Events.Signing;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Events.Outbox;

/// <summary>
/// Composes and parses the rows <c>e!{seq}!{revision}</c> of a queue: events that are not published yet. A row contains everything that
/// the event says, because the message may be gone when the event is published.
/// </summary>
internal sealed class EventComposer(Lazy<EventSigner> signer, EventsOptions options, TimeProvider time, Random random)
{
    private const string TypeColumn = "type";
    private const string EventIdColumn = "event";
    private const string MessageIdColumn = "id";
    private const string TimeColumn = "time";
    private const string WrittenColumn = "written";
    private const string BodyHashColumn = "bodyhash";
    private const string TraceParentColumn = "trace";
    private const string DataColumn = "data";
    private const string BodyMember = "body";

    /// <summary>Event Grid bills an event of up to this many bytes as one (Event Grid, "Pricing").</summary>
    private const int BillingUnit = 64 * 1024;

    /// <summary>Bytes of an event besides its data and its subject, at most.</summary>
    private const int Envelope = 1024;

    /// <summary>
    /// Bytes of an event besides its data, at most. The event contains the subject twice: once as it is, and once in the signature, where
    /// three bytes become four.
    /// </summary>
    public static int EnvelopeOf(QueueAddress queue, MessageId id) => Envelope + 3 * Topic.Subject(queue.Queue, id).Length;

    /// <summary>About how many bytes an event adds to a request.</summary>
    public static int WeightOf(QueueAddress queue, OutboxRow row) =>
        row.Columns.GetBytes(DataColumn).Length + EnvelopeOf(queue, MessageOf(row));

    /// <summary>The event's id (CloudEvents, <c>id</c>).</summary>
    public static string EventIdOf(OutboxRow row) => row.Columns.GetString(EventIdColumn)!;

    /// <inheritdoc cref="IEventOutbox.NewMessageCreated"/>
    public OutboxRow NewMessageCreated(QueueAddress queue, MessageState message, PutRequest request) => ToRow(
        EventTypes.MessageCreated,
        queue,
        message,
        message.Inserted,
        EventSigner.Hash(request.Body),
        request.TraceParent,
        (json, withBody) =>
        {
            json.WriteNumber(
                "ttl", MessageState.SecondsUntil(message.ExpiresAt == MessageState.Never ? 0 : message.ExpiresAt, message.Inserted));
            json.WriteNumber("hide", MessageState.SecondsUntil(message.VisibleAt, message.Inserted));
            WriteMessage(json, message, request.ContentType, withBody ? request.Body : null);
            if (!withBody)
                WriteUrl(json, "v1.0", queue, message.Id);
        });

    /// <inheritdoc cref="IEventOutbox.NewMessageExpired"/>
    public OutboxRow NewMessageExpired(QueueAddress queue, MessageState message, MessageRow? messageRow)
    {
        // A larger body, in chunks, is gone with its message. It is not worth a read only for this event.
        var body = messageRow is not null && message.Chunks == 0 ? messageRow.Inline : null;
        return ToRow(
            EventTypes.MessageExpired,
            queue,
            message,
            time.GetUtcNow().UtcTicks,
            body is null ? null : EventSigner.Hash(body),
            messageRow?.TraceParent,
            (json, withBody) =>
            {
                json.WriteString("expired", Instant(message.ExpiresAt));
                json.WriteNumber("deliveries", message.Deliveries);
                WriteMessage(json, message, messageRow?.ContentType, withBody ? body : null);
            });
    }

    /// <inheritdoc cref="IEventOutbox.NewMessageDead"/>
    public OutboxRow NewMessageDead(QueueAddress queue, MessageState message, MessageRow row, IReadOnlyList<Cause> causes)
    {
        var body = message.Chunks == 0 ? row.Inline : null;
        return ToRow(
            EventTypes.MessageDead,
            queue,
            message,
            message.DiedAt,
            body is null ? null : EventSigner.Hash(body),
            row.TraceParent,
            (json, withBody) =>
            {
                json.WriteString("died", Instant(message.DiedAt));
                json.WriteNumber("deliveries", message.Deliveries);
                CausesJson.Write(json, causes, at => Instant(at.UtcTicks));
                WriteMessage(json, message, row.ContentType, withBody ? body : null);
                if (!withBody || body is null)
                    WriteUrl(json, "dead", queue, message.Id);
            });
    }

    /// <summary>The event of a row, signed.</summary>
    public CloudEvent ToEvent(QueueAddress queue, OutboxRow row)
    {
        var columns = row.Columns;
        var (id, type) = (columns.GetString(EventIdColumn)!, columns.GetString(TypeColumn)!);
        var source = Topic.Of(queue.Account);
        var subject = Topic.Subject(queue.Queue, MessageOf(row));
        var (data, bodyHash) = (columns.GetBytes(DataColumn), columns.GetString(BodyHashColumn));
        var made = new CloudEvent(source, type, new BinaryData(data), "application/json", CloudEventDataFormat.Json)
        {
            Id = id,
            Subject = subject,
            Time = new DateTimeOffset(columns.GetInteger(TimeColumn), TimeSpan.Zero),
            ExtensionAttributes =
            {
                ["signature"] = signer.Value.Sign(id, source, type, subject, bodyHash, bodyHash is not null && !HasBody(data)),
            },
        };
        // CloudEvents, extension "Distributed Tracing".
        if (TraceParentOf(row) is { } traceParent)
            made.ExtensionAttributes["traceparent"] = traceParent;
        return made;
    }

    /// <summary>The id of the message that a row is about.</summary>
    public static MessageId MessageOf(OutboxRow row) => new(row.Columns.GetString(MessageIdColumn)!);

    /// <summary>The trace context (<c>traceparent</c>) of the put of its message; null if there is none.</summary>
    public static string? TraceParentOf(OutboxRow row) => row.Columns.GetString(TraceParentColumn);

    /// <summary>When a row was written, UTC ticks.</summary>
    public static long WrittenAt(OutboxRow row) => row.Columns.GetInteger(WrittenColumn);

    /// <summary>Whether an event's data has the body. What stands before the body is small, so little is read.</summary>
    private static bool HasBody(ReadOnlySpan<byte> data)
    {
        var json = new Utf8JsonReader(data);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(BodyMember))
                return true;
        }

        return false;
    }

    private static string Instant(long ticks) =>
        new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Where the body is, as the event leaves it out.</summary>
    private void WriteUrl(Utf8JsonWriter json, string root, QueueAddress queue, MessageId id)
    {
        if (options.PublicUrl is not { } publicUrl)
            return;
        var path = $"/{root}/{Topic.Encode(queue.Account.Value)}/{Topic.Subject(queue.Queue, id)}?detail=body";
        json.WriteString("url", new Uri(publicUrl, path).AbsoluteUri);
    }

    private OutboxRow ToRow(
        string type,
        QueueAddress queue,
        MessageState message,
        long at,
        string? bodyHash,
        string? traceParent,
        Action<Utf8JsonWriter, bool> write)
    {
        // A new revision, because an earlier event of this message may already have the message's own revision.
        var revision = Revisions.New(random);
        var room = BillingUnit - EnvelopeOf(queue, message.Id);
        var data = Write(withBody: message.Length <= room);
        if (data.Length > room)
            data = Write(withBody: false);
        return new(QueueKeys.Event(message.Sequence, revision), new Columns
        {
            { TypeColumn, type },
            { EventIdColumn, $"{message.Sequence}-{revision}" },
            { MessageIdColumn, message.Id.Value },
            { TimeColumn, at },
            { WrittenColumn, time.GetUtcNow().UtcTicks },
            { BodyHashColumn, bodyHash },
            { TraceParentColumn, traceParent },
            { DataColumn, data },
        });

        byte[] Write(bool withBody)
        {
            var buffer = new ArrayBufferWriter<byte>(1024);
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                json.WriteString("account", queue.Account.Value);
                json.WriteString("queue", queue.Queue.Value);
                json.WriteString("id", message.Id.Value);
                write(json, withBody);
                json.WriteEndObject();
            }

            return buffer.WrittenSpan.ToArray();
        }
    }

    private static void WriteMessage(Utf8JsonWriter json, MessageState message, string? contentType, byte[]? body)
    {
        json.WriteString("inserted", Instant(message.Inserted));
        if (contentType is not null)
            json.WriteString("contentType", contentType);
        json.WriteNumber("length", message.Length);
        if (body is null)
            return;
        if (Utf8.IsValid(body))
        {
            json.WriteString(BodyMember, body);
            return;
        }

        json.WriteBase64String(BodyMember, body);
        json.WriteString("encoding", "base64");
    }
}
