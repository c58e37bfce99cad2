using System.Globalization;
using Azure;
using Azure.Data.Tables;

namespace Burrow.Tables.Azure;

/// <summary>One table of a storage account.</summary>
internal sealed class AzureTable(TableClient client) : ITable
{
    public async Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken);
            return found.HasValue ? ToRow(found.Value!) : null;
        }
        catch (Exception e) when (IsUnavailable(e, cancellationToken))
        {
            throw new TableUnavailableException(e.Message, e);
        }
    }

    public async Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {query.From} and RowKey lt {query.Before}");
        if (query.Above is { } above)
            filter = string.Create(CultureInfo.InvariantCulture, $"{filter} and {above.Column} gt {above.Bound}L");
        try
        {
            var pages = client.QueryAsync<TableEntity>(filter, query.Top, query.Select?.Prepend("RowKey"), cancellationToken)
                .AsPages(query.Continuation);
            await foreach (var page in pages)
                return ToPage(query, page);
            return new RowPage([], null);
        }
        catch (Exception e) when (IsUnavailable(e, cancellationToken))
        {
            throw new TableUnavailableException(e.Message, e);
        }
    }

    /// <summary>
    /// A page that ends early has gone through many rows that the filter left out. Storage does not say how many: it goes through a
    /// thousand rows or more.
    /// </summary>
    private static RowPage ToPage(RowQuery query, Page<TableEntity> page)
    {
        var result = new RowPage([.. page.Values.Select(ToRow)], page.ContinuationToken);
        return result.Continuation is not null && result.Rows.Count < query.Top ? result with { Passed = TableLimits.PageRows } : result;
    }

    public async Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        try
        {
            var etags = new List<string?>(operations.Count);
            using var answer = TransactionAnswerPolicy.Begin(operations.Count, etags);
            var response = await client.SubmitTransactionAsync(
                operations.Select(operation => ToAction(partition, operation)), cancellationToken);
            if (etags.Count == 0)
                etags = [.. response.Value.Select(part => part.Headers.ETag?.ToString())];
            return SubmitResult.Success([.. etags.Select((etag, i) => operations[i].Kind == OperationKind.Delete ? null : etag)]);
        }
        catch (RequestFailedException e) when (RefusalOf(e) is { } refusal)
        {
            return SubmitResult.Refused(
                refusal, e is TableTransactionFailedException failed ? failed.FailedTransactionActionIndex ?? -1 : -1);
        }
        catch (Exception e) when (IsUnavailable(e, cancellationToken))
        {
            throw new TableUnavailableException(e.Message, e);
        }
    }

    /// <summary>
    /// Whether storage sent no response, or one that asks to try again. False for a refusal, and if the caller cancelled the request.
    /// </summary>
    internal static bool IsUnavailable(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        RequestFailedException e => e.Status is 0 or 408 or 429 or >= 500,
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        HttpRequestException or IOException or TimeoutException => true,
        _ => false,
    };

    private static Refusal? RefusalOf(RequestFailedException e) => e.Status switch
    {
        404 when e.ErrorCode != "TableNotFound" => Refusal.Missing,
        409 when e.ErrorCode == "EntityAlreadyExists" => Refusal.Exists,
        412 => Refusal.Changed,
        _ => null,
    };

    private static TableTransactionAction ToAction(string partition, Operation operation)
    {
        var entity = new TableEntity(partition, operation.Key);
        foreach (var (name, value) in operation.Columns ?? [])
            entity[name] = value;
        var etag = operation.IfMatch is { } condition ? new ETag(condition) : default;
        return operation.Kind switch
        {
            OperationKind.Insert => new(TableTransactionActionType.Add, entity),
            OperationKind.Replace => new(TableTransactionActionType.UpdateReplace, entity, etag),
            OperationKind.Merge => new(TableTransactionActionType.UpdateMerge, entity, etag),
            OperationKind.Delete => new(TableTransactionActionType.Delete, entity, etag),
            _ => new(TableTransactionActionType.UpsertReplace, entity),
        };
    }

    private static Row ToRow(TableEntity entity)
    {
        var columns = new Columns();
        foreach (var (name, value) in entity)
        {
            switch (value)
            {
                case long number:
                    columns.Add(name, number);
                    break;
                case byte[] bytes:
                    columns.Add(name, bytes);
                    break;
                case BinaryData binary:
                    columns.Add(name, binary.ToArray());
                    break;
                case string text when name is not ("PartitionKey" or "RowKey" or "odata.etag"):
                    columns.Add(name, text);
                    break;
            }
        }

        return new Row(entity.RowKey, entity.ETag.ToString(), columns);
    }
}
