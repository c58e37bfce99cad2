using System.Net;
using System.Net.Sockets;
using Burrow.Local;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Tests.Local;

/// <summary>The process listens where <c>--urls</c> says, whatever the environment and the working folder say.</summary>
public sealed class ListeningTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Kestrel__Endpoints__E__Url=http://127.0.0.1:{0}")]
    [InlineData("URLS=http://127.0.0.1:{0} PREFERHOSTINGURLS=true HTTP_PORTS={0}")]
    [InlineData("ASPNETCORE_URLS=http://127.0.0.1:{0} ASPNETCORE_PREFERHOSTINGURLS=true ASPNETCORE_HTTP_PORTS={0}")]
    [InlineData("DOTNET_URLS=http://127.0.0.1:{0} DOTNET_HTTP_PORTS={0} DOTNET_Kestrel__Endpoints__E__Url=http://127.0.0.1:{0}")]
    [InlineData("ASPNETCORE_HOSTINGSTARTUPASSEMBLIES=Nothing{0} ASPNETCORE_ENVIRONMENT=Development DOTNET_ENVIRONMENT=Development")]
    [InlineData("ALLOWEDHOSTS=host{0}.example CONTENTROOT=/nonexistent/{0} ASPNETCORE_CONTENTROOT=/nonexistent/{0}")]
    public async Task The_environment_changes_nothing(string variables)
    {
        var other = AzuriteProcess.FreePort();
        var environment = variables.Replace("{0}", $"{other}").Split(' ').Select(variable => variable.Split('=', 2))
            .ToDictionary(variable => variable[0], variable => (string?)variable[1]);

        await using var burrow = await BurrowProcess.StartAsync("memory", environment, folder.File(""), int.MaxValue);

        await AnswersAsync(burrow, other);
    }

    [Theory]
    [InlineData("appsettings.json", """{"Kestrel":{"Endpoints":{"E":{"Url":"http://127.0.0.1:{0}"}}}}""")]
    [InlineData("appsettings.Production.json", """{"Kestrel":{"Endpoints":{"E":{"Url":"http://127.0.0.1:{0}"}}}}""")]
    [InlineData("appsettings.json", """{"AllowedHosts":"shop.example"}""")]
    [InlineData("appsettings.json", """{"Burrow":{"Access":{"Mode":"Keys"},"DefaultTtl":"nonsense"}}""")]
    [InlineData("appsettings.json", "{ not JSON")]
    public async Task The_files_of_the_working_folder_change_nothing(string file, string text)
    {
        var other = AzuriteProcess.FreePort();
        await File.WriteAllTextAsync(folder.File(file), text.Replace("{0}", $"{other}"), Token);

        await using var burrow = await BurrowProcess.StartAsync(
            "memory", new Dictionary<string, string?>(), folder.File(""), int.MaxValue);

        await AnswersAsync(burrow, other);
    }

    [Fact]
    public async Task The_environment_still_sets_what_is_meant_for_this_process()
    {
        await using (var silent = await StartAsync(("Logging__LogLevel__Burrow", "Warning"), ("Burrow__DefaultTtl", "77")))
        {
            await silent.Http.PutAsync("v1.0/a/q/m", new StringContent("x"), Token);
            (await silent.Http.GetStringAsync("v1.0/a/q/m", Token)).ShouldContain("\"ttl\":77");
            await silent.InterruptAsync();
            await silent.ExitAsync();
            silent.Output.ShouldNotContain("PUT /v1.0");
        }

        await using var failed = await StartAsync(("EventGrid__Speed", "0"));
        (await failed.ExitAsync()).ShouldBe(1);
        failed.Output.ShouldContain("EventGrid:Speed");
    }

    [Fact]
    public async Task It_says_a_line_for_each_address_and_answers_on_each()
    {
        await using var process = await ListeningProcess.StartAsync(
            "Burrow.Local.dll",
            ["--urls", $"http://127.0.0.1:0;http://[::1]:0;http://localhost:{AzuriteProcess.FreePort()}", "--tables", "memory"],
            new Dictionary<string, string?>());
        using var http = new HttpClient();
        while (!process.Output.Contains("stores in"))
            await Task.Delay(10, Token);

        var addresses = process.Output.Split('\n').Where(line => line.StartsWith("Burrow listens on ", StringComparison.Ordinal))
            .Select(line => line["Burrow listens on ".Length..].Trim()).ToList();

        addresses.Count.ShouldBe(3);
        addresses[0].ShouldStartWith("http://127.0.0.1:");
        addresses[1].ShouldStartWith("http://[::1]:");
        addresses[2].ShouldStartWith("http://localhost:");
        foreach (var address in addresses)
            (await http.GetAsync(new Uri(address), Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task If_it_listens_anywhere_else_it_does_not_start_and_serves_no_request()
    {
        var options = new LocalOptions(["http://127.0.0.1:0"], new TablesOption(TablesEngine.Memory, ""), []);
        var early = new EarlyRequest();
        var app = LocalApp.Build(options, services =>
        {
            services.AddSingleton<Burrow.Tables.ITableStore>(new MemoryTableStore());
            services.AddLogging(logging => logging.ClearProviders());
            services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            services.AddSingleton<IHostedService>(provider => early.Of(provider.GetRequiredService<IServer>()));
            services.AddSingleton<IStartupFilter>(early);
        });

        (await Should.ThrowAsync<InvalidOperationException>(() => app.StartAsync(Token))).Message.ShouldContain("while --urls says");

        await app.DisposeAsync();
        (early.Answers.Count, early.Served).ShouldBe((2, 0));
        foreach (var answer in early.Answers)
            await Should.ThrowAsync<HttpRequestException>(answer);
    }

    private static Task<BurrowProcess> StartAsync(params (string Name, string? Value)[] variables) => BurrowProcess.StartAsync(
        "memory", variables.ToDictionary(variable => variable.Name, variable => variable.Value), null, int.MaxValue);

    private static async Task AnswersAsync(BurrowProcess burrow, int otherPort)
    {
        (await burrow.Http.GetAsync("", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        burrow.Address.Port.ShouldNotBe(otherPort);
        using var client = new TcpClient();
        await Should.ThrowAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, otherPort, Token).AsTask());
    }

    /// <summary>
    /// Sends a request to each address as soon as the server listens. The start goes on when both have arrived, and are served or held.
    /// </summary>
    private sealed class EarlyRequest : IHostedLifecycleService, IStartupFilter
    {
        private readonly HttpClient http = new();
        private readonly SemaphoreSlim arrived = new(0);
        private IServer? server;
        private int served;

        public List<Task<HttpResponseMessage>> Answers { get; } = [];

        /// <summary>How many requests were served before the start was complete.</summary>
        public int Served => served;

        public EarlyRequest Of(IServer server)
        {
            this.server = server;
            return this;
        }

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                // The answer needs no storage, so it would be complete at once.
                var serving = rest(context);
                if (serving.IsCompleted)
                    Interlocked.Increment(ref served);
                arrived.Release();
                await serving;
            });
            next(app);
        };

        public async Task StartedAsync(CancellationToken cancellationToken)
        {
            foreach (var address in server!.Features.Get<IServerAddressesFeature>()!.Addresses)
            {
                Answers.Add(http.GetAsync(new Uri(address), CancellationToken.None));
                await arrived.WaitAsync(cancellationToken);
            }
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
