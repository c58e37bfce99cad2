using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Burrow.Http.Messages;

/// <summary>
/// <c>/batch/{account}/{queue}</c>: many operations in one request, in order, each independent of the others (docs/reference/api.md).
/// </summary>
public sealed class BatchEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "batch/{account}/{queue}";

    private const string NdJson = "application/x-ndjson";

    private static readonly OperationPolicy[] Policies =
        [OperationPolicy.PutMessage, OperationPolicy.UpdateMessages, OperationPolicy.DeleteMessages, OperationPolicy.RelayMessage];

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly QueueOptions options;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">The queues.</param>
    /// <param name="options">Holds the largest body of an item.</param>
    public BatchEndpoint(Responder responder, QueueEngine queues, IOptions<QueueOptions> options)
    {
        (this.responder, this.queues, this.options) = (responder, queues, options.Value);
        resource = new Resource<QueueAddress>(Route, path => path.Queue) { Post = PostAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>POST carries out a batch.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> PostAsync(RequestContext context, QueueAddress queue)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfBatch(queue, new("No such account or queue.")));
        // Each item needs its own permission. A key that allows none of them need not send the batch.
        if (!Array.Exists(Policies, authorized.Caller.May))
        {
            var needed = string.Join(" or ", Policies.Select(policy => policy.Requirement));
            throw new ForbiddenException($"A batch needs {needed}, as what is in it says; the key allows none of them.");
        }

        var parameters = new QueryParameters(context.Request);
        parameters.CheckAll();
        if (parameters.Number is not null)
            throw new InvalidRequestException("number", "In a batch, each put has its number as a member.");
        var onlyNew = OnlyNew(context.Request);
        var isNdJson = IsNdJson(context.Request);
        var entries = await ReadAsync(authorized, isNdJson);
        authorized.Charge(entries.Count - 1);
        await authorized.AdmitAsync(WeightOf(entries));
        var full = await QuotaErrorAsync(authorized, queue, entries);
        var stamp = entries.Exists(entry => entry.Item?.Relayed is not null) || entries.Count == 0
            ? await queues.Relays.StampAsync(context.Aborted)
            : queues.Relays.KnownStamp;
        if (authorized.Caller.May(OperationPolicy.PutMessage) || authorized.Caller.May(OperationPolicy.RelayMessage))
        {
            // A batch without items says which epoch holds from now on.
            if (entries.Count == 0 && parameters.Turn is var (producer, epoch, _))
                await queues.Producers.PutEpochAsync(queue, producer, epoch, context.Aborted);
            await authorized.WaitForTurnAsync(queues, queue, parameters, context.Aborted);
        }

        var numbered = Numbered(entries, parameters.Turn);
        var outcomes = await CarryOutAsync(new(context, authorized, queue, onlyNew, stamp, full, parameters.Turn), numbered);
        return Answer.OfJson(200, json => Write(json, outcomes)).With(ProducersEndpoint.StampHeader, stamp);
    }

    /// <summary>
    /// The error of each item that stores a body if the account has no room; null if it has room. Items that make room are carried out all
    /// the same.
    /// </summary>
    private static async Task<QuotaExceededException?> QuotaErrorAsync(
        AuthorizedRequest authorized, QueueAddress queue, List<BatchEntry> entries)
    {
        var stored = entries.Select(entry => entry.Item).OfType<BatchItem>()
            .Where(item => item.Operation == BatchOperation.Put || item.Change is { IsGone: false }).ToList();
        try
        {
            if (stored.Count > 0)
            {
                var puts = stored.Count(item => item.Operation == BatchOperation.Put);
                await authorized.RequireStorageAsync(queue, puts, stored.Sum(item => item.Body.Length));
            }

            return null;
        }
        catch (QuotaExceededException e)
        {
            return e;
        }
    }

    /// <summary>The weight: the MiB of the bodies, at least one.</summary>
    private static int WeightOf(List<BatchEntry> entries) =>
        1 + (int)(entries.Sum(entry => (long)(entry.Item?.Body.Length ?? 0)) / QueueLimits.BodyBytes);

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

        throw new UnsupportedMediaException($"A batch is {NdJson} or {Answer.Json}, in UTF-8.", accept: $"{NdJson}, {Answer.Json}");
    }

    private async Task<List<BatchEntry>> ReadAsync(AuthorizedRequest authorized, bool isNdJson)
    {
        using var body = await authorized.BorrowBodyAsync(HttpLimits.BatchBytes);
        var text = JsonMembers.WithoutByteOrderMark(body.Written);
        var reader = new BatchReader(options.MaxBodyBytes);
        return isNdJson ? reader.ReadLines(text) : reader.ReadArray(text);
    }

    /// <summary>Gives each put its number among its producer's, and the one before it.</summary>
    private static List<(BatchEntry Entry, ProducerNumber? Number)> Numbered(
        List<BatchEntry> entries, (ProducerName Producer, long Epoch, long? Previous)? turn)
    {
        var (numbered, last, previous) = (new List<(BatchEntry, ProducerNumber?)>(entries.Count), -1L, turn?.Previous);
        foreach (var entry in entries)
        {
            if (entry.Item is not { Operation: BatchOperation.Put } item)
            {
                numbered.Add((
                    entry.Item?.Operation == BatchOperation.Mirror && turn is null
                        ? entry.As("op", "mirror goes with the parameter producer.")
                        : entry,
                    null));
            }
            else if (turn is not var (producer, epoch, chain))
            {
                numbered.Add((
                    item.Number is not null ? entry.As("number", "number goes with the parameter producer.")
                        : item.Relayed is not null ? entry.As("via", "What a relay sends goes with the parameter producer.")
                        : entry,
                    null));
            }
            else if (item.Number is not { } number || number <= last)
            {
                numbered.Add((entry.As("number", "In a batch with producer, each put has a number, and they grow."), null));
            }
            else if (item.Relayed?.Own is { } own && own.Producer == producer)
            {
                numbered.Add((entry.As("producer", "The message's own producer is not the relay."), null));
            }
            else
            {
                numbered.Add((entry, new(producer, number, epoch, chain is null ? null : previous)));
                (last, previous) = (number, number);
            }
        }

        return numbered;
    }

    private async Task<List<ItemOutcome>> CarryOutAsync(Batch batch, List<(BatchEntry Entry, ProducerNumber? Number)> entries)
    {
        var outcomes = new List<ItemOutcome>(entries.Count);
        // Puts that follow one another go to the engine together, which stores them in this order.
        var puts = new List<Task<ItemOutcome>>();
        var failing = false;
        for (var i = 0; i < entries.Count; i++)
        {
            var ((id, item, error), number) = entries[i];
            if (failing)
            {
                outcomes.Add(new(id, 503, null, "Not tried, as an item before it met storage that fails."));
            }
            else if (item is null)
            {
                puts.Add(Task.FromResult(new ItemOutcome(id, error!.Status, null, error.Message)));
            }
            else if (!batch.Authorized.Caller.May(PolicyOf(item)))
            {
                var denied = batch.Authorized.Caller.Denied(PolicyOf(item));
                puts.Add(Task.FromResult(new ItemOutcome(id, denied.Status, null, denied.Message)));
            }
            else if (item.Operation == BatchOperation.Put)
            {
                puts.Add(batch.Full is null ? PutAsync(batch, item, number) : ReplaceAsync(batch, item, number, batch.Full));
                // Each of these looks at storage first. Those of a producer must reach the engine in their order all the same.
                if (batch.Full is not null && number is not null)
                    await puts[^1];
            }
            else if (item.Operation == BatchOperation.Mirror)
            {
                outcomes.AddRange(await Task.WhenAll(puts));
                puts.Clear();
                var changes = entries.Skip(i).Select(entry => entry.Entry.Item?.Change).TakeWhile(change => change is not null)
                    .OfType<RelayedChange>().ToList();
                outcomes.AddRange(await MirrorAsync(batch, changes));
                i += changes.Count - 1;
            }
            else
            {
                outcomes.AddRange(await Task.WhenAll(puts));
                puts.Clear();
                outcomes.Add(await ChangeAsync(batch.Queue, item, batch.Context.Aborted));
                failing = outcomes.Exists(outcome => outcome.Status == 503);
            }
        }

        outcomes.AddRange(await Task.WhenAll(puts));
        return outcomes;
    }

    private static OperationPolicy PolicyOf(BatchItem item) => item.Operation switch
    {
        BatchOperation.Put => item.Relayed is null ? OperationPolicy.PutMessage : OperationPolicy.RelayMessage,
        BatchOperation.Mirror => OperationPolicy.RelayMessage,
        BatchOperation.Update => item.Outcome is null ? OperationPolicy.UpdateMessages : OperationPolicy.SettleMessage,
        _ => new Precondition(item.IfMatch, null).NamesReceipt ? OperationPolicy.FinishMessage : OperationPolicy.DeleteMessages,
    };

    private Task<ItemOutcome> PutAsync(Batch batch, BatchItem item, ProducerNumber? number)
    {
        var id = item.Id ?? queues.NewId();
        return TryAsync(id, async () =>
        {
            // What a relay sends replaces nothing.
            var onlyNew = batch.OnlyNew || item.Relayed is not null;
            var precondition = new Precondition(item.IfMatch, onlyNew ? Precondition.MustNotExist.IfNoneMatch : null);
            var result = await queues.PutAsync(
                batch.Queue,
                new(id, item.Body, item.ContentType, item.Attributes, precondition)
                {
                    TraceParent = item.Relayed is { } relayed ? relayed.TraceParent : batch.Context.TraceParent,
                    Relayed = item.Relayed?.ToPut(
                        number!,
                        batch.Stamp ?? throw new UnavailableException("The stamp of this deployment can't be read; nothing was stored.")),
                    Priority = item.Priority,
                    Group = item.Group,
                    Result = item.Result,
                    Number = number,
                },
                batch.Context.Aborted);
            return result.IsDuplicate
                ? new(id, 200, null, null) { IsDuplicate = true }
                : new(id, result.Created ? 201 : 200, result.Receipt, null);
        });
    }

    /// <summary>
    /// A put where the account has no room: only a message that is there can be replaced, and what was stored before is a duplicate.
    /// </summary>
    private Task<ItemOutcome> ReplaceAsync(Batch batch, BatchItem item, ProducerNumber? number, BurrowException full) =>
        TryAsync(item.Id, async () =>
            (item.Id is { } id && await batch.Authorized.MayReplaceAsync(batch.Queue, id, item.Body.Length) == true)
            || await queues.Producers.IsStoredAsync(batch.Queue, number, batch.Context.Aborted)
                ? await PutAsync(batch, item, number)
                : throw full);

    private Task<ItemOutcome> ChangeAsync(QueueAddress queue, BatchItem item, CancellationToken cancellationToken)
    {
        var id = item.Id!.Value;
        return TryAsync(id, async () =>
        {
            var precondition = new Precondition(item.IfMatch, null);
            if (item.Outcome is not null)
                Preconditions.RequireReceipt(precondition, "An outcome", "changed");
            var message = item.Operation == BatchOperation.Delete
                ? await queues.DeleteAsync(queue, id, precondition, Detail.None, cancellationToken)
                : item.Outcome is { } outcome
                    ? await queues.SettleAsync(queue, id, outcome, precondition, Detail.None, cancellationToken)
                    : await queues.UpdateAsync(queue, id, item.Attributes, precondition, Detail.None, cancellationToken);
            return message is null
                ? new(id, 404, null, "No such account, queue or message.")
                : new(id, 200, message.Receipt, null);
        });
    }

    /// <summary>Carries out what a mirror says. It sends all of it again where a part fails.</summary>
    private async Task<IEnumerable<ItemOutcome>> MirrorAsync(Batch batch, List<RelayedChange> changes)
    {
        var tooLarge = new HashSet<RelayedChange>();
        foreach (var change in changes.Where(change => batch.Full is not null && !change.IsGone))
        {
            // What is not there any more takes no room.
            if (await batch.Authorized.MayReplaceAsync(batch.Queue, change.Id, change.Body.Length) == false)
                tooLarge.Add(change);
        }

        var outcome = await TryAsync(null, async () =>
        {
            var (producer, epoch, _) = batch.Turn!.Value;
            var fitting = changes.FindAll(change => !tooLarge.Contains(change));
            await queues.MirrorAsync(batch.Queue, producer, epoch, fitting, batch.Context.Aborted);
            return new(null, 200, null, null);
        });
        return changes.Select(change => tooLarge.Contains(change)
            ? new(change.Id, batch.Full!.Status, null, batch.Full.Message)
            : outcome with { Id = change.Id });
    }

    private async Task<ItemOutcome> TryAsync(MessageId? id, Func<Task<ItemOutcome>> serve)
    {
        try
        {
            return await serve();
        }
        catch (OutOfTurnException e) when (e.IsMissing)
        {
            // The request has waited for what comes before the batch, so what is missing is an item of it.
            return new(id, StatusCodes.Status424FailedDependency, null, e.Message);
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

    private static void Write(Utf8JsonWriter json, List<ItemOutcome> outcomes)
    {
        json.WriteStartArray();
        foreach (var outcome in outcomes)
        {
            json.WriteStartObject();
            json.WriteString("id", outcome.Id?.Value);
            json.WriteNumber("status", outcome.Status);
            if (outcome.Receipt is { } receipt)
                json.WriteString("etag", receipt.ETag);
            if (outcome.IsDuplicate)
                json.WriteBoolean("duplicate", true);
            if (outcome.Error is { } error)
                json.WriteString("error", error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>What holds for all items of a batch.</summary>
    /// <param name="Context">The request.</param>
    /// <param name="Authorized">Its caller.</param>
    /// <param name="Queue">The queue.</param>
    /// <param name="OnlyNew">Whether a put never replaces.</param>
    /// <param name="Stamp">The stamp of this deployment; null: it can't be read now.</param>
    /// <param name="Full">The error of what stores a body, if the account has no room.</param>
    /// <param name="Turn">The producer of the batch, its epoch, and the number before the batch; null: it has none.</param>
    private sealed record Batch(
        RequestContext Context,
        AuthorizedRequest Authorized,
        QueueAddress Queue,
        bool OnlyNew,
        string? Stamp,
        BurrowException? Full,
        (ProducerName Producer, long Epoch, long? Previous)? Turn);

    private sealed record ItemOutcome(MessageId? Id, int Status, Receipt? Receipt, string? Error)
    {
        public bool IsDuplicate { get; init; }
    }
}
