using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Burrow.Http.Messages;

/// <summary><c>/batch/{account}/{queue}</c>: many operations in one request, in order, each for itself (protocol, part 2).</summary>
public sealed class BatchEndpoint(Responder responder, QueueEngine queues, IOptions<BurrowOptions> options)
{
    private static readonly Resource Resource = new("/batch/{account}/{queue}", "POST");
    private static readonly OperationPolicy[] Needs = [OperationPolicy.PutMessage, OperationPolicy.UpdateMessages, OperationPolicy.DeleteMessages];
    private const string NdJson = "application/x-ndjson";

    /// <summary>JSON has none (RFC 8259, section 8.1), but some tools write it and a reader may pass over it.</summary>
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Carries them out.</summary>
    public Task<IResult> PostAsync(HttpRequest request) => responder.ServeAsync(request, Resource, async serving =>
    {
        var queue = RequestPath.Batch(request);
        await serving.EnterAsync(queue, new("No such account or queue."));
        // What of it is allowed is each item's own; who may nothing of it needn't send it.
        if (!Array.Exists(Needs, serving.Caller.May))
            throw new ForbiddenException($"A batch needs {string.Join(" or ", Needs.Select(need => need.Requirement))}, as what is in it says; the key allows none of them.");
        await serving.BeginAsync(Limits.BatchBytes / Limits.BodyBytes);
        var onlyNew = OnlyNew(request);
        var lines = IsNdJson(request);
        var entries = await ReadAsync(serving, lines);
        serving.Charge(entries.Count - 1);
        var puts = entries.Select(entry => entry.Item).Where(item => item?.Operation == BatchOperation.Put).ToList();
        QuotaExceededException? full = null;
        try
        {
            if (puts.Count > 0)
                await serving.DemandRoomAsync(queue, puts.Count, puts.Sum(item => item!.Body.Length));
        }
        catch (QuotaExceededException e)
        {
            // What makes room is done.
            full = e;
        }

        var outcomes = await CarryOutAsync(serving, queue, entries, onlyNew, full);
        return Answer.OfJson(200, json => Write(json, outcomes));
    });

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) =>
        responder.RefuseAsync(request, request => RequestPath.Batch(request), Resource);

    private static bool OnlyNew(HttpRequest request)
    {
        var precondition = Preconditions.Parse(request);
        if (precondition.IfMatch is not null)
            throw new InvalidRequestException("If-Match", "If-Match is for one message; an item has ifMatch.");
        return precondition.IfNoneMatch switch
        {
            null => false,
            ["*"] => true,
            _ => throw new InvalidRequestException("If-None-Match", "If-None-Match is * on a batch."),
        };
    }

    private static bool IsNdJson(HttpRequest request)
    {
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && (type.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            if (type.MediaType.Equals(NdJson, StringComparison.OrdinalIgnoreCase))
                return true;
            if (type.MediaType.Equals(Answer.Json, StringComparison.OrdinalIgnoreCase))
                return false;
        }

        throw new UnsupportedMediaException($"A batch is {NdJson} or {Answer.Json}, in UTF-8.");
    }

    private async Task<List<BatchEntry>> ReadAsync(RequestContext serving, bool lines)
    {
        using var body = await serving.BorrowBodyAsync(Limits.BatchBytes);
        var text = body.WrittenMemory[(body.WrittenSpan.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0)..];
        return lines ? Lines(text) : Items(text);
    }

    private List<BatchEntry> Lines(ReadOnlyMemory<byte> body)
    {
        var entries = new List<BatchEntry>();
        foreach (var range in body.Span.Split((byte)'\n'))
        {
            var line = body[range];
            if (line.Span.ContainsAnyExcept(" \t\r"u8))
                Add(entries, ParseLine(line));
        }

        return entries;
    }

    private BatchEntry ParseLine(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return BatchEntry.Parse(document.RootElement, options.Value.MaxBodyBytes);
        }
        catch (JsonException e)
        {
            return new(null, null, new InvalidRequestException("item", $"This line isn't JSON, from its byte {e.BytePositionInLine} on."));
        }
    }

    private List<BatchEntry> Items(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                throw new InvalidRequestException("body", "The body is a JSON array of items.");
            var entries = new List<BatchEntry>();
            foreach (var json in document.RootElement.EnumerateArray())
                Add(entries, BatchEntry.Parse(json, options.Value.MaxBodyBytes));
            return entries;
        }
        catch (JsonException e)
        {
            throw JsonMembers.NotJson(e);
        }
    }

    private static void Add(List<BatchEntry> entries, BatchEntry entry)
    {
        if (entries.Count == Limits.BatchItems)
            throw new TooLargeException($"A batch has at most {Limits.BatchItems} items; nothing was done.");
        entries.Add(entry);
    }

    private async Task<List<Outcome>> CarryOutAsync(
        RequestContext serving, QueueAddress queue, List<BatchEntry> entries, bool onlyNew, BurrowException? full)
    {
        var outcomes = new List<Outcome>(entries.Count);
        // Puts that follow one another are handed over together, and stored in this order.
        var puts = new List<Task<Outcome>>();
        var failing = false;
        foreach (var (id, item, error) in entries)
        {
            if (failing)
            {
                outcomes.Add(new(id, 503, null, "Not tried, as an item before it met storage that fails."));
            }
            else if (item is null)
            {
                puts.Add(Task.FromResult(new Outcome(id, error!.Status, null, error.Message)));
            }
            else if (!serving.Caller.May(NeedOf(item)))
            {
                var lacks = serving.Caller.Denied(NeedOf(item));
                puts.Add(Task.FromResult(new Outcome(id, lacks.Status, null, lacks.Message)));
            }
            else if (item.Operation == BatchOperation.Put && full is not null)
            {
                puts.Add(Task.FromResult(new Outcome(id, full.Status, null, full.Message)));
            }
            else if (item.Operation == BatchOperation.Put)
            {
                puts.Add(PutAsync(serving, queue, item, onlyNew));
            }
            else
            {
                outcomes.AddRange(await Task.WhenAll(puts));
                puts.Clear();
                outcomes.Add(await ChangeAsync(queue, item, serving.Aborted));
                failing = outcomes.Exists(outcome => outcome.Status == 503);
            }
        }

        outcomes.AddRange(await Task.WhenAll(puts));
        return outcomes;
    }

    private static OperationPolicy NeedOf(BatchItem item) => item.Operation switch
    {
        BatchOperation.Put => OperationPolicy.PutMessage,
        BatchOperation.Update => OperationPolicy.UpdateMessages,
        _ => new Precondition(item.IfMatch, null).NamesReceipt ? OperationPolicy.FinishMessage : OperationPolicy.DeleteMessages,
    };

    private Task<Outcome> PutAsync(RequestContext serving, QueueAddress queue, BatchItem item, bool onlyNew)
    {
        var id = item.Id ?? queues.NewId();
        return TryAsync(id, async () =>
        {
            var precondition = new Precondition(item.IfMatch, onlyNew ? Precondition.MustNotExist.IfNoneMatch : null);
            var result = await queues.PutAsync(
                queue, new(id, item.Body, item.ContentType, item.Attributes, precondition) { TraceParent = serving.TraceParent }, serving.Aborted);
            return new(id, result.Created ? 201 : 200, result.Receipt, null);
        });
    }

    private Task<Outcome> ChangeAsync(QueueAddress queue, BatchItem item, CancellationToken cancellationToken)
    {
        var id = item.Id!.Value;
        return TryAsync(id, async () =>
        {
            var precondition = new Precondition(item.IfMatch, null);
            var message = item.Operation == BatchOperation.Delete
                ? await queues.DeleteAsync(queue, id, precondition, Detail.None, cancellationToken)
                : await queues.UpdateAsync(queue, id, item.Attributes, precondition, Detail.None, cancellationToken);
            return message is null
                ? new(id, 404, null, "No such account, queue or message.")
                : new(id, 200, message.Receipt, null);
        });
    }

    private async Task<Outcome> TryAsync(MessageId id, Func<Task<Outcome>> serve)
    {
        try
        {
            return await serve();
        }
        catch (BurrowException e)
        {
            return new(id, e.Status, null, e.Message);
        }
        catch (TableUnavailableException e)
        {
            responder.Unavailable(e.Message);
            return new(id, 503, null, "Storage does not answer; whether this was done can't be told.");
        }
    }

    private static void Write(Utf8JsonWriter json, List<Outcome> outcomes)
    {
        json.WriteStartArray();
        foreach (var outcome in outcomes)
        {
            json.WriteStartObject();
            json.WriteString("id", outcome.Id?.Value);
            json.WriteNumber("status", outcome.Status);
            if (outcome.Receipt is { } receipt)
                json.WriteString("etag", receipt.ETag);
            if (outcome.Error is { } error)
                json.WriteString("error", error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private sealed record Outcome(MessageId? Id, int Status, Receipt? Receipt, string? Error);
}
