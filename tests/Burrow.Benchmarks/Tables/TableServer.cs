using System.Globalization;
using System.Text.RegularExpressions;
using Burrow.Benchmarks.Floors;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Microsoft.AspNetCore.Http;

namespace Burrow.Benchmarks.Tables;

/// <summary>
/// A table service in memory that speaks what Azure.Data.Tables sends, and costs so little that the client's own cost can be seen beside
/// it. It checks no key and no signature. This program runs it itself, as a separate process.
/// </summary>
internal static partial class TableServer
{
    /// <summary>The hidden sub-command.</summary>
    public const string Command = "tables";

    private const string Account = "devstoreaccount1";

    private const string ReceivedPath = "received";

    private static readonly MemoryTableStore Store = new();
    private static long received;

    /// <summary>The connection string of a server at that address, with the well-known key of the storage emulator.</summary>
    public static string ConnectionString(Uri address) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey="
        + "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        + $"TableEndpoint={address}{Account};";

    /// <summary>How many bytes of transactions the server at that address has received.</summary>
    public static async Task<long> ReceivedAsync(Uri address)
    {
        using var http = new HttpClient();
        return long.Parse(await http.GetStringAsync(new Uri(address, $"{Account}/{ReceivedPath}")), CultureInfo.InvariantCulture);
    }

    public static Task RunAsync(CancellationToken cancellationToken) =>
        HiddenServer.RunAsync("table server", ServeAsync, cancellationToken);

    private static Task ServeAsync(HttpContext context)
    {
        var target = context.Request.Path.Value![(Account.Length + 2)..];
        if (target == "$batch")
            return SubmitAsync(context);
        if (target == ReceivedPath)
            return context.Response.WriteAsync(received.ToString(CultureInfo.InvariantCulture));
        if (target == "Tables")
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        return target.EndsWith("()", StringComparison.Ordinal)
            ? QueryAsync(context, Store.Open(target[..^2]))
            : GetAsync(context, target);
    }

    private static async Task GetAsync(HttpContext context, string target)
    {
        var (table, partition, key) = EntityAddress.Parse(target);
        if (await Store.Open(table).GetAsync(partition, key!, context.RequestAborted) is { } row)
            await AnswerAsync(context, 200, "application/json", EntityJson.Write(partition, row, null));
        else
            await AnswerAsync(context, 404, "application/json", EntityJson.Error("ResourceNotFound", "There is no such row."));
    }

    private static async Task QueryAsync(HttpContext context, ITable table)
    {
        var filter = Filter().Match(context.Request.Query["$filter"].ToString());
        if (!filter.Success)
            throw new BenchmarkException($"The table server can't read the filter {context.Request.Query["$filter"]}.");
        var select = context.Request.Query["$select"].ToString();
        var query = new RowQuery(filter.Groups["from"].Value, filter.Groups["before"].Value)
        {
            Top = int.TryParse(context.Request.Query["$top"], CultureInfo.InvariantCulture, out var top) ? top : TableLimits.PageRows,
            Continuation = context.Request.Query.TryGetValue("NextRowKey", out var next) ? next.ToString() : null,
            Select = select.Length > 0 ? [.. select.Split(',')] : null,
            Above = filter.Groups["column"] is { Success: true, Value: var column }
                ? (column, long.Parse(filter.Groups["bound"].Value, CultureInfo.InvariantCulture))
                : null,
        };
        var partition = filter.Groups["partition"].Value;
        var page = await table.QueryAsync(partition, query, context.RequestAborted);
        if (page.Continuation is { } continuation)
        {
            context.Response.Headers["x-ms-continuation-NextPartitionKey"] = partition;
            context.Response.Headers["x-ms-continuation-NextRowKey"] = continuation;
        }

        await AnswerAsync(context, 200, "application/json", EntityJson.WriteAll(partition, page.Rows, query.Select));
    }

    private static async Task SubmitAsync(HttpContext context)
    {
        var body = new byte[(int)context.Request.ContentLength!.Value];
        await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
        Interlocked.Add(ref received, body.Length);
        var batch = BatchBody.Parse(body);
        var result = await Store.Open(batch.Table).SubmitAsync(batch.Partition, batch.Operations, context.RequestAborted);
        await AnswerAsync(context, 202, BatchBody.AnswerType, batch.Answer(result));
    }

    private static Task AnswerAsync(HttpContext context, int status, string type, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }

    /// <summary>The filters that <see cref="Burrow.Tables.Azure.AzureTableStore"/> sends.</summary>
    [GeneratedRegex(
        "^PartitionKey eq '(?<partition>[^']*)' and RowKey ge '(?<from>[^']*)' and RowKey lt '(?<before>[^']*)'"
        + "(?: and (?<column>\\w+) gt (?<bound>-?[0-9]+)L)?$")]
    private static partial Regex Filter();
}
