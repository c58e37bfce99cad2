using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Burrow.Tables.Wrappers;

namespace Burrow.Tables.Azure;

/// <summary>Tables of a storage account (or Azurite). Their names begin with a prefix.</summary>
public sealed class AzureTableStore : ITableStore
{
    /// <summary>The longest time of one request. Table storage ends a query after 5 s, and any other request after 30 s.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, ITable> tables = new();
    private readonly TableServiceClient service;
    private readonly string prefix;

    private AzureTableStore(TableServiceClient service, string prefix)
    {
        this.service = service;
        this.prefix = prefix;
    }

    /// <summary>Connects with a connection string; <c>UseDevelopmentStorage=true</c> is Azurite on its default ports.</summary>
    public static AzureTableStore Connect(string connectionString, string prefix) =>
        new(new TableServiceClient(connectionString, ClientOptions()), prefix);

    /// <summary>Connects with an identity, which needs the role Storage Table Data Contributor.</summary>
    public static AzureTableStore Connect(Uri tableService, TokenCredential credential, string prefix) =>
        new(new TableServiceClient(tableService, credential, ClientOptions()), prefix);

    /// <inheritdoc/>
    public ITable Open(string name) => tables.GetOrAdd(
        name,
        name => new ObservedTable(
            new MeteredTable(new CheckedTable(new AzureTable(service.GetTableClient(prefix + name)))), "azure.tables", name));

    /// <inheritdoc/>
    public async Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            try
            {
                await service.CreateTableIfNotExistsAsync(prefix + name, cancellationToken);
            }
            catch (Exception e) when (AzureTable.IsUnavailable(e, cancellationToken) || e is RequestFailedException)
            {
                throw new TableUnavailableException($"Table '{prefix + name}' could not be created: {e.Message}", e);
            }
        }
    }

    private static TableClientOptions ClientOptions()
    {
        var options = new TableClientOptions { Transport = new HttpClientTransport(NewClient()) };
        // Each request has a span and a duration of Burrow's own (ObservedTable).
        (options.Diagnostics.IsLoggingEnabled, options.Diagnostics.IsDistributedTracingEnabled) = (false, false);
        // A retry by the SDK cannot tell its own first attempt from a change by another process. RetryingTable can.
        options.Retry.MaxRetries = 0;
        options.Retry.NetworkTimeout = RequestTimeout;
        options.AddPolicy(new TransactionAnswerPolicy(), HttpPipelinePosition.PerCall);
        return options;
    }

    /// <summary>As the SDK's own client, without what each request would cost for traces. The timeout is the SDK's.</summary>
    private static HttpClient NewClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
