using Burrow.Tables;
using Burrow.Tables.Azure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Tests.Tables;

/// <summary>Table storage that fails. Azurite never does, so these tests use a server that only fails.</summary>
public sealed class AzureTableStoreTests : IAsyncLifetime
{
    private readonly WebApplication server;
    private int status;
    private int requests;

    public AzureTableStoreTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(context =>
        {
            Interlocked.Increment(ref requests);
            if (status == 0)
                context.Abort();
            context.Response.StatusCode = status == 0 ? 500 : status;
            return Task.CompletedTask;
        });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await server.StartAsync(Token);

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Storage_that_fails_is_unavailable_and_asked_once_by_the_client_itself(int answer)
    {
        status = answer;
        var store = AzureTableStore.Connect(
            $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint={server.Urls.Single()}/a;", "test");
        var table = store.Open("things");

        await Should.ThrowAsync<TableUnavailableException>(() => table.GetAsync("p", "k", Token));
        await Should.ThrowAsync<TableUnavailableException>(() => table.QueryAsync("p", new RowQuery("a", "z"), Token));
        await Should.ThrowAsync<TableUnavailableException>(
            () => table.SubmitAsync("p", [Operation.Insert("k", new Columns { { "n", 1 } })], Token));
        requests.ShouldBe(3);
        await Should.ThrowAsync<TableUnavailableException>(() => store.CreateAsync(["things"], Token));
    }

    [Fact]
    public async Task Tables_that_may_not_be_created_are_said_so()
    {
        status = 403;
        var store = AzureTableStore.Connect(
            $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint={server.Urls.Single()}/a;", "test");

        (await Should.ThrowAsync<TableUnavailableException>(
            () => store.CreateAsync(["things"], Token))).Message.ShouldContain("testthings");
    }
}
