using System.Text.Json;
using Burrow.Events;
using Burrow.Events.Outbox;
using Burrow.Events.Signing;
using Burrow.Http.Messages;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Burrow.Tests;

/// <summary>The settings, and Burrow built as the function app builds it: from settings alone.</summary>
public sealed class BurrowServicesTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_the_sample_settings_it_starts_and_has_the_defaults()
    {
        var settings = Sample();
        settings["Burrow:Storage:ConnectionString"] = await azurite.ConnectionStringAsync();
        settings["Burrow:Storage:TablePrefix"] = Stores.NewPrefix();
        using var host = Build(settings);

        await host.StartAsync(Token);

        var options = host.Services.GetRequiredService<IOptions<BurrowOptions>>().Value;
        var defaults = new BurrowOptions();
        (options.DefaultTtl, options.DefaultHide, options.MaxBodyBytes, options.MaxWait, options.ExpirySchedule)
            .ShouldBe((defaults.DefaultTtl, defaults.DefaultHide, defaults.MaxBodyBytes, defaults.MaxWait, defaults.ExpirySchedule));
        host.Services.GetRequiredService<MessageEndpoint>().ShouldNotBeNull();
        var queues = host.Services.GetRequiredService<QueueEngine>();
        var queue = new QueueAddress(new("a"), new("q"));
        // The start created the tables.
        await queues.PutAsync(queue, new(new("m"), [1], null, default, Precondition.None), Token);
        (await queues.GetAsync(queue, new("m"), Detail.All, Token))!.Ttl.ShouldBe(600);
        await host.StopAsync(Token);
    }

    [Fact]
    public void Every_setting_stands_in_the_sample_and_in_the_reference()
    {
        var settings = Names(typeof(BurrowOptions), "").ToList();
        var reference = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reference", "settings.md"));

        Sample().Keys.Where(key => key.StartsWith("Burrow:", StringComparison.Ordinal)).Select(key => key["Burrow:".Length..]).Order()
            .ShouldBe(settings.Order());
        foreach (var setting in settings)
            reference.ShouldContain($"| `{setting}` |");

        static IEnumerable<string> Names(Type type, string prefix) => type.GetProperties().SelectMany(property =>
            property.PropertyType.Namespace!.StartsWith("Burrow", StringComparison.Ordinal)
                ? Names(property.PropertyType, $"{property.Name}:")
                : [prefix + property.Name]);
    }

    [Theory]
    [InlineData("DefaultTtl", "-1")]
    [InlineData("DefaultTtl", "3153600001")]
    [InlineData("DefaultTtl", "soon")]
    [InlineData("DefaultHide", "-1")]
    [InlineData("MaxBodyBytes", "0")]
    [InlineData("MaxBodyBytes", "1048577")]
    [InlineData("MaxWait", "-1")]
    [InlineData("MaxWait", "221")]
    [InlineData("Events:PublicUrl", "burrow.example")]
    [InlineData("Events:PublicUrl", "ftp://burrow.example")]
    [InlineData("Storage:TablePrefix", "no-hyphens")]
    [InlineData("Storage:ConnectionString", "")]
    [InlineData("Storage:TableServiceUri", "https://account.table.core.windows.net")]
    public async Task A_wrong_setting_is_named_when_the_process_starts(string setting, string value)
    {
        var settings = Sample();
        settings[$"Burrow:{setting}"] = value;
        using var host = Build(settings);

        var error = await Should.ThrowAsync<Exception>(() => host.StartAsync(Token));

        error.ToString().ShouldContain(setting.Split(':')[^1]);
    }

    [Theory]
    [InlineData("Events:Domain", "")]
    [InlineData("Events:Domain", "http://management.azure.com/subscriptions/s")]
    [InlineData("Events:TopicEndpoint", "http://d.westeurope-1.eventgrid.azure.net/api/events")]
    [InlineData("Events:SigningKeys", "")]
    [InlineData("Events:SigningKeys", "-----BEGIN PRIVATE KEY-----nothing-----END PRIVATE KEY-----")]
    [InlineData("Events:AllowedPorts", "https")]
    [InlineData("Quotas:Subscriptions", "501")]
    [InlineData("Access:Secret", "")]
    [InlineData("Access:Secret", "too short")]
    public async Task With_an_Event_Grid_all_that_it_needs_is_asked_for(string setting, string value)
    {
        var settings = WithEventGrid();
        settings[$"Burrow:{setting}"] = value;
        using var host = Build(settings);

        var error = await Should.ThrowAsync<Exception>(() => host.StartAsync(Token));

        error.ToString().ShouldContain(
            value.StartsWith("http", StringComparison.Ordinal) && setting != "Events:AllowedPorts" ? value : setting.Split(':')[^1]);
    }

    [Fact]
    public void With_an_Event_Grid_there_are_subscriptions_and_signatures()
    {
        using var host = Build(WithEventGrid());

        var grid = host.Services.GetRequiredService<EventGridIntegration>();
        grid.Subscriptions.ShouldNotBeNull();
        grid.Signer.ShouldNotBeNull();
        grid.Outbox.ShouldBeOfType<EventPublisher>();
    }

    [Fact]
    public async Task Without_one_there_are_none()
    {
        using var host = Build(Sample());

        var grid = host.Services.GetRequiredService<EventGridIntegration>();
        grid.Subscriptions.ShouldBeNull();
        grid.Signer.ShouldBeNull();
        grid.Outbox.ShouldBeOfType<NoEventOutbox>();
        await grid.ReconcileAsync(Token);
    }

    [Fact]
    public void By_identity_no_connection_string_is_needed()
    {
        var settings = Sample();
        settings["Burrow:Storage:ConnectionString"] = "";
        settings["Burrow:Storage:TableServiceUri"] = "https://account.table.core.windows.net";
        using var host = Build(settings);

        // The host is not started, because the account does not exist. But it is built, and the settings are valid.
        host.Services.GetRequiredService<IOptions<BurrowOptions>>().Value.Storage.TableServiceUri!.Host.ShouldBe(
            "account.table.core.windows.net");
        host.Services.GetRequiredService<ITableStore>().ShouldBeOfType<AzureTableStore>();
    }

    private static Dictionary<string, string?> WithEventGrid()
    {
        var settings = Sample();
        settings["Burrow:Events:TopicEndpoint"] = "https://d.westeurope-1.eventgrid.azure.net/api/events";
        settings["Burrow:Events:Domain"] =
            "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/domains/d";
        settings["Burrow:Events:SigningKeys"] = SigningKeyPem.New().ReplaceLineEndings("\\n");
        settings["Burrow:Access:Secret"] = "a secret of thirty-two characters";
        return settings;
    }

    private static IHost Build(Dictionary<string, string?> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddLogging();
        builder.Services.AddBurrow(builder.Configuration);
        return builder.Build();
    }

    /// <summary>The settings of the sample, as the host hands them to the app.</summary>
    private static Dictionary<string, string?> Sample()
    {
        var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "local.settings.sample.json")));
        return json.RootElement.GetProperty("Values").EnumerateObject()
            .ToDictionary(value => value.Name.Replace("__", ":"), value => value.Value.GetString());
    }
}
