using System.Diagnostics;
using Burrow.Events.Signing;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Burrow.Tests.Deploy;

/// <summary>The app starts with the settings that the template gives it.</summary>
public sealed class DeployedSettingsTests(Bicep bicep) : IClassFixture<Bicep>
{
    private const string Id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/burrow/providers";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Made-up values in place of those that Azure makes from the expressions and Key Vault references.</summary>
    private static readonly Dictionary<string, string> MadeUp = new()
    {
        ["Burrow__Storage__TableServiceUri"] = "https://account.table.core.windows.net/",
        ["Burrow__ExpirySchedule"] = "0 * * * * *",
        ["Burrow__Access__AdminKeys"] = $"brw_admin-me_{new string('0', 64)}",
        ["Burrow__Access__Secret"] = "a secret of thirty-two characters",
        ["Burrow__Access__FormerSecret"] = "",
        ["Burrow__Events__TopicEndpoint"] = "https://domain.westeurope-1.eventgrid.azure.net/api/events",
        ["Burrow__Events__Domain"] = $"https://management.azure.com{Id}/Microsoft.EventGrid/domains/domain",
        ["Burrow__Events__PublicUrl"] = "https://burrow.example",
        ["Burrow__Events__SigningKeys"] = SigningKeyPem.New(),
        ["Burrow__Events__ReconcileSchedule"] = "30 * * * * *",
        ["Burrow__Events__DeadLetterContainer"] = "dead-letters",
        ["Burrow__Relays__AllowedHosts"] = "other.example",
        ["Burrow__Events__DeadLetterAccount"] = $"{Id}/Microsoft.Storage/storageAccounts/account",
    };

    [Fact]
    public async Task Each_is_a_property_of_the_options()
    {
        var settings = await SettingsAsync();

        settings.Keys.Where(
            name => name.StartsWith(
                "Burrow", StringComparison.OrdinalIgnoreCase)).ShouldBeSubsetOf(Names(typeof(BurrowOptions), "Burrow__"));
    }

    [Fact]
    public async Task With_them_the_app_starts_by_identity_with_keys_and_events()
    {
        var options = await StartAsync(await BurrowSettingsAsync());

        options.Storage.TableServiceUri!.Host.ShouldBe("account.table.core.windows.net");
        options.Storage.ConnectionString.ShouldBeNull();
        options.Access.IsOpen.ShouldBeFalse();
        options.Events.IsOn.ShouldBeTrue();
        options.Events.Key.ShouldBeNull();
        options.Events.DeadLetterContainer.ShouldNotBeNull();
        options.Events.DeadLetterAccount.ShouldNotBeNull();
        options.Events.PublicUrl.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("Burrow__Storage__TableServiceUri")]
    [InlineData("Burrow__Access__AdminKeys")]
    [InlineData("Burrow__Access__Secret")]
    [InlineData("Burrow__Events__Domain")]
    [InlineData("Burrow__Events__SigningKeys")]
    public async Task Without_one_that_it_needs_the_app_does_not_start(string name)
    {
        var settings = await BurrowSettingsAsync();
        settings.Remove(name).ShouldBeTrue();

        await Should.ThrowAsync<OptionsValidationException>(() => StartAsync(settings));
    }

    [Fact]
    public async Task The_host_has_its_schedules_and_its_storage_by_identity()
    {
        var settings = await SettingsAsync();

        settings["AzureWebJobsDisableHomepage"].ShouldBe("true");
        settings["AzureWebJobsStorage__credential"].ShouldBe("managedidentity");
        settings["AzureWebJobsStorage__accountName"].ShouldContain("host");
        settings.ShouldContainKey("APPLICATIONINSIGHTS_CONNECTION_STRING");
        settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"].ShouldContain("Authorization=AAD;ClientId=");
        foreach (var name in (string[])["AzureWebJobsStorage__clientId", "AZURE_CLIENT_ID"])
            settings[name].ShouldContain("'identity'), '2025-04-01').outputs.clientId.value");
        settings.Keys.ShouldNotContain("FUNCTIONS_WORKER_RUNTIME", "Flex Consumption refuses it.");
        settings.Keys.ShouldNotContain("AzureWebJobsStorage");
        // The setting that a [TimerTrigger("%…%")] names has no default.
        settings.ShouldContainKey("Burrow__ExpirySchedule");
        settings.ShouldContainKey("Burrow__Events__ReconcileSchedule");
    }

    [Fact]
    public async Task Secrets_are_references_to_the_vault_s()
    {
        var settings = await SettingsAsync();
        var template = await bicep.CompileAsync(Token);

        foreach (var (setting, secret) in new[]
            { ("Access__Secret", "access-secret"), ("Access__AdminKeys", "admin-keys"), ("Events__SigningKeys", "signing-keys") })
        {
            settings[$"Burrow__{setting}"].ShouldBe(
                $"format('@Microsoft.KeyVault(SecretUri={{0}}secrets/{secret})', "
                + $"reference(resourceId('Microsoft.Resources/deployments', 'vault'), '2025-04-01').outputs.uri.value)");
            template.Each("Microsoft.KeyVault/vaults/secrets")
                .Count(one => one.Name.EndsWith($"'{secret}')", StringComparison.Ordinal))
                .ShouldBe(1);
        }
    }

    [Fact]
    public async Task The_documented_commands_make_secrets_that_the_app_starts_with()
    {
        var page = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "deploy.md"));
        var commands = page.Where(
            line => line.StartsWith("$ export BURROW_", StringComparison.Ordinal) && line.Contains("openssl", StringComparison.Ordinal))
            .Select(line => line[2..])
            .ToList();
        commands.Count.ShouldBe(3);
        if (!File.Exists("/usr/bin/openssl") || !File.Exists("/bin/bash"))
            Assert.Skip("The commands are for bash and openssl.");
        var settings = await BurrowSettingsAsync();

        var made = await BashAsync([.. commands, """printf '%s\n' "$BURROW_ACCESS_SECRET" "$BURROW_ADMIN_KEYS" "$BURROW_SIGNING_KEYS" """]);
        made.Length.ShouldBe(3);
        (settings["Burrow__Access__Secret"], settings["Burrow__Access__AdminKeys"], settings["Burrow__Events__SigningKeys"]) =
            (made[0], made[1], made[2]);

        await StartAsync(settings);
        // Two keys at once, as during a rotation.
        (settings["Burrow__Access__AdminKeys"], settings["Burrow__Events__SigningKeys"]) =
            ($"{made[1]},{MadeUp["Burrow__Access__AdminKeys"].Replace("me", "you", StringComparison.Ordinal)}", made[2] + made[2]);
        SigningKeyPem.Read((await StartAsync(settings)).Events.SigningKeys!).Count.ShouldBe(2);
        var template = await bicep.CompileAsync(Token);
        foreach (var (parameter, value) in new[] { ("accessSecret", made[0]), ("adminKeys", made[1]), ("signingKeys", made[2]) })
        {
            value.Length.ShouldBeGreaterThanOrEqualTo(
                template.Parameters.Single(one => one.Name == parameter).Value.GetProperty("minLength").GetInt32());
        }

        // The values have no character that a shell, JSON or azd can misunderstand.
        made.ShouldAllBe(value => value.All(c => char.IsAsciiLetterOrDigit(c) || " _-+/=".Contains(c)));
    }

    /// <summary>All settings of the app, as expressions of the outermost template.</summary>
    private async Task<Dictionary<string, string>> SettingsAsync()
    {
        var template = await bicep.CompileAsync(Token);
        return template.Argument("settings", "settings")
            .EnumerateObject()
            .ToDictionary(one => one.Name, one => template.Resolve(one.Value));
    }

    /// <summary>The settings of the Burrow section, with made-up values for those that only Azure knows.</summary>
    private async Task<Dictionary<string, string>> BurrowSettingsAsync()
    {
        var template = await bicep.CompileAsync(Token);
        return template.Argument("settings", "settings")
            .EnumerateObject()
            .Where(one => one.Name.StartsWith("Burrow__", StringComparison.Ordinal))
            .ToDictionary(one => one.Name, one => one.Value.GetString()!.StartsWith('[') ? MadeUp[one.Name] : one.Value.GetString()!);
    }

    /// <summary>Checks the settings as the app does when it starts. The tables are in memory, because the account does not exist.</summary>
    private static async Task<BurrowOptions> StartAsync(Dictionary<string, string> settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(
            settings.Select(one => KeyValuePair.Create(one.Key.Replace("__", ":", StringComparison.Ordinal), (string?)one.Value)));
        builder.Services.AddLogging();
        builder.Services.AddBurrow(builder.Configuration);
        // After AddBurrow, so that AddBurrow still requires the settings of the account.
        builder.Services.AddSingleton<ITableStore>(new MemoryTableStore());
        using var host = builder.Build();
        await host.StartAsync(Token);
        var options = host.Services.GetRequiredService<IOptions<BurrowOptions>>().Value;
        await host.StopAsync(Token);
        return options;
    }

    private static async Task<string[]> BashAsync(string[] lines)
    {
        using var process = Process.Start(
            new ProcessStartInfo(
                "bash", ["-c", string.Join('\n', lines)])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return output.TrimEnd('\n').Split('\n');
    }

    private static IEnumerable<string> Names(Type type, string prefix) => type.GetProperties().SelectMany(property =>
        property.PropertyType.Namespace!.StartsWith("Burrow", StringComparison.Ordinal) && !property.PropertyType.IsEnum
            ? Names(property.PropertyType, $"{prefix}{property.Name}__")
            : [prefix + property.Name]);
}
