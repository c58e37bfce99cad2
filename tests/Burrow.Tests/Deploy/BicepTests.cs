using System.Text.Json;
using System.Text.RegularExpressions;
using Burrow.Tests.Support;

namespace Burrow.Tests.Deploy;

/// <summary>
/// What the compiled template deploys. Each check of a resource covers all resources of its type, and so also those that are added
/// later.
/// </summary>
public sealed partial class BicepTests(Bicep bicep) : IClassFixture<Bicep>
{
    private const string App =
        "reference(resourceId('Microsoft.Resources/deployments', 'identity'), '2025-04-01').outputs.principalId.value";
    private const string Domain =
        "reference(resourceId('Microsoft.Resources/deployments', 'events'), '2025-04-01').outputs.principalId.value";
    private const string Token = "uniqueString(resourceGroup().id, parameters('environmentName'), parameters('location'))";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_compiled_and_linted_without_a_word()
    {
        // CompileAsync checks that nothing is printed.
        await bicep.CompileAsync(Cancellation);

        (await Bicep.RunAsync(["lint", "main.bicep"], Cancellation)).ShouldBe("");
    }

    [Fact]
    public async Task A_pair_of_stamps_is_compiled_and_linted_and_each_may_relay_to_the_other()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("pair.json");
        (await Bicep.RunAsync(["build", "pair.bicep", "--outfile", file], Cancellation)).ShouldBe("");
        (await Bicep.RunAsync(["lint", "pair.bicep"], Cancellation)).ShouldBe("");

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, Cancellation));
        var resources = json.RootElement.GetProperty("resources").EnumerateArray()
            .ToDictionary(one => one.GetProperty("name").GetString()!);
        var variables = json.RootElement.GetProperty("variables");
        // Each stamp has its own name, and allows the other's host.
        (string, string, string)[] stamps = [("stamp", "appName", "otherHostName"), ("other", "otherAppName", "hostName")];
        foreach (var (stamp, name, host) in stamps)
        {
            var parameters = resources[stamp].GetProperty("properties").GetProperty("parameters");
            parameters.GetProperty("functionAppName").GetProperty("value").GetString().ShouldBe($"[variables('{name}')]");
            parameters.GetProperty("relayHosts").GetProperty("value")[0].GetString().ShouldBe($"[variables('{host}')]");
        }

        variables.GetProperty("hostName").GetString()!.ShouldContain("variables('appName')");
        variables.GetProperty("otherHostName").GetString()!.ShouldContain("variables('otherAppName')");
        // The front door asks whether the stamp can do its work, and lets a request wait.
        var front = resources["front"];
        front.GetProperty("condition").GetString().ShouldBe("[parameters('frontDoor')]");
        front.ToString().ShouldContain("/health/ready");
        front.ToString().ShouldContain("\"originResponseTimeoutSeconds\": 240");
    }

    [Fact]
    public async Task Storage_is_reached_by_identity_and_TLS_alone()
    {
        var template = await bicep.CompileAsync(Cancellation);

        var accounts = template.Each("Microsoft.Storage/storageAccounts");
        accounts.Count.ShouldBeGreaterThanOrEqualTo(2);
        foreach (var account in accounts)
        {
            account["properties.allowSharedKeyAccess"].ShouldBe("false", account.Name);
            account["properties.defaultToOAuthAuthentication"].ShouldBe("true", account.Name);
            account["properties.allowBlobPublicAccess"].ShouldBe("false", account.Name);
            account["properties.allowCrossTenantReplication"].ShouldBe("false", account.Name);
            account["properties.minimumTlsVersion"].ShouldBe("TLS1_2", account.Name);
            account["properties.supportsHttpsTrafficOnly"].ShouldBe("true", account.Name);
        }

        var containers = template.Each("Microsoft.Storage/storageAccounts/blobServices/containers");
        containers.Count.ShouldBeGreaterThanOrEqualTo(2);
        foreach (var container in containers)
            container["properties.publicAccess"].ShouldBe("None", container.Name);
    }

    [Fact]
    public async Task The_Event_Grid_domain_is_reached_by_identity_and_makes_its_own_topics()
    {
        var template = await bicep.CompileAsync(Cancellation);

        var domains = template.Each("Microsoft.EventGrid/domains");
        domains.ShouldNotBeEmpty();
        foreach (var domain in domains)
        {
            domain["properties.inputSchema"].ShouldBe("CloudEventSchemaV1_0");
            domain["properties.disableLocalAuth"].ShouldBe("true");
            domain["properties.minimumTlsVersionAllowed"].ShouldBe("1.2");
            domain["properties.autoCreateTopicWithFirstSubscription"].ShouldBe("true");
            domain["properties.autoDeleteTopicWithLastSubscription"].ShouldBe("true");
            domain["identity.type"].ShouldBe("SystemAssigned");
        }
    }

    [Fact]
    public async Task The_vault_gives_by_role_and_keeps_what_is_deleted()
    {
        var template = await bicep.CompileAsync(Cancellation);

        var vaults = template.Each("Microsoft.KeyVault/vaults");
        vaults.ShouldNotBeEmpty();
        foreach (var vault in vaults)
        {
            vault["properties.enableRbacAuthorization"].ShouldBe("true");
            vault["properties.enableSoftDelete"].ShouldBe("true");
            vault["properties.enablePurgeProtection"].ShouldBe("true");
            vault["properties.accessPolicies"].ShouldBeNull();
        }
    }

    [Fact]
    public async Task Telemetry_is_taken_from_identities_alone()
    {
        var template = await bicep.CompileAsync(Cancellation);

        var insights = template.Each("Microsoft.Insights/components");
        var workspaces = template.Each("Microsoft.OperationalInsights/workspaces");
        insights.ShouldNotBeEmpty();
        workspaces.ShouldNotBeEmpty();
        insights.ShouldAllBe(one => one["properties.DisableLocalAuth"] == "true" && one["properties.WorkspaceResourceId"] != null);
        workspaces.ShouldAllBe(one => one["properties.features.disableLocalAuth"] == "true");
    }

    [Fact]
    public async Task The_function_app_speaks_TLS_and_is_published_to_by_identity()
    {
        var template = await bicep.CompileAsync(Cancellation);

        var apps = template.Each("Microsoft.Web/sites");
        var passwords = template.Each("Microsoft.Web/sites/basicPublishingCredentialsPolicies");
        apps.ShouldNotBeEmpty();
        foreach (var app in apps)
        {
            app["properties.httpsOnly"].ShouldBe("true");
            app["properties.clientAffinityEnabled"].ShouldBe("false");
            app["properties.siteConfig.minTlsVersion"].ShouldBe("1.2");
            app["properties.siteConfig.scmMinTlsVersion"].ShouldBe("1.2");
            app["properties.siteConfig.ftpsState"].ShouldBe("Disabled");
            app["properties.siteConfig.cors"].ShouldBeNull("The app answers CORS itself.");
            app["properties.siteConfig.appSettings"].ShouldBeNull("Settings stand in one place.");
            app["identity.type"].ShouldBe("UserAssigned");
            app["properties.keyVaultReferenceIdentity"].ShouldBe(
                app["properties.functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId"]);
            app["properties.functionAppConfig.deployment.storage.type"].ShouldBe("blobContainer");
            app["properties.functionAppConfig.deployment.storage.authentication.type"].ShouldBe("UserAssignedIdentity");
            app["properties.functionAppConfig.runtime.name"].ShouldBe("dotnet-isolated");
            app["properties.functionAppConfig.runtime.version"].ShouldBe("10.0");
            foreach (var service in (string[])["scm", "ftp"])
            {
                passwords.Where(
                    one => one.Template.Name == app.Template.Name && one.Name.Contains($"'{service}'", StringComparison.Ordinal))
                    .ShouldHaveSingleItem()["properties.allow"].ShouldBe("false");
            }
        }

        template.Each("Microsoft.Web/serverfarms").ShouldAllBe(plan => plan["sku.name"] == "FC1" && plan["sku.tier"] == "FlexConsumption");
    }

    [Fact]
    public async Task Each_identity_has_just_the_roles_that_it_needs_each_on_one_resource()
    {
        var template = await bicep.CompileAsync(Cancellation);

        var assignments = template.Each("Microsoft.Authorization/roleAssignments");

        assignments.Select(
            one => $"{Guid().Match(one["properties.roleDefinitionId"]!).Value} {Who(one["properties.principalId"]!)} {one["scope"]}")
            .Order()
            .ShouldBe(new[]
        {
            // Storage Table Data Contributor, on the data account and on the host's.
            $"0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3 app {Id("Microsoft.Storage/storageAccounts", $"format('st{{0}}data', {Token})")}",
            $"0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3 app {Id("Microsoft.Storage/storageAccounts", $"format('st{{0}}host', {Token})")}",
            // Storage Blob Data Owner.
            $"b7e6dc6d-f1e8-4753-8033-0f276bb0955b app {Id("Microsoft.Storage/storageAccounts", $"format('st{{0}}host', {Token})")}",
            // Storage Queue Data Contributor.
            $"974c5e8b-45b9-4653-ba55-5f855dd0fb88 app {Id("Microsoft.Storage/storageAccounts", $"format('st{{0}}host', {Token})")}",
            // EventGrid Data Sender.
            $"d5a91429-5739-47e2-a06b-3470a27159e7 app {Id("Microsoft.EventGrid/domains", $"format('evgd-{{0}}', {Token})")}",
            // EventGrid EventSubscription Contributor.
            $"428e0ff0-5e57-4d9c-a221-2c70d0e0a443 app {Id("Microsoft.EventGrid/domains", $"format('evgd-{{0}}', {Token})")}",
            // Key Vault Secrets User.
            $"4633458b-17de-408a-b874-0445c86b69e6 app {Id("Microsoft.KeyVault/vaults", $"format('kv-{{0}}', {Token})")}",
            // Monitoring Metrics Publisher.
            $"3913510d-42f4-4e42-8a64-420c390055eb app {Id("Microsoft.Insights/components", $"format('appi-{{0}}', {Token})")}",
            // Storage Blob Data Contributor.
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe domain " + Id(
                "Microsoft.Storage/storageAccounts/blobServices/containers", $"format('st{{0}}data', {Token}), 'default', 'dead-letters'"),
        }.Order());
        assignments.ShouldAllBe(one => one["properties.principalType"] == "ServicePrincipal");

        static string Id(string type, string name) => $"resourceId('{type}', {name})";
        static string Who(string principal) => principal switch { App => "app", Domain => "domain", _ => principal };
    }

    [Fact]
    public async Task No_key_of_any_resource_is_read()
    {
        var template = await bicep.CompileAsync(Cancellation);
        var text = template.Json.GetRawText();

        ListFunction().Match(text).Value.ShouldBeEmpty();
        foreach (var key in (string[])["AccountKey=", "SharedAccessKey", "connectionString(", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"])
            text.ShouldNotContain(key, Case.Insensitive);
    }

    [Fact]
    public async Task Secrets_are_secure_parameters_without_a_default()
    {
        var template = await bicep.CompileAsync(Cancellation);

        foreach (var parameter in template.All.SelectMany(one => one.Parameters))
        {
            // A user-defined type is declared elsewhere, and no secret has one.
            var secure = parameter.Value.TryGetProperty("type", out var type)
                && type.GetString()!.StartsWith("secure", StringComparison.OrdinalIgnoreCase);
            secure.ShouldBe(parameter.Name is "accessSecret" or "formerAccessSecret" or "adminKeys" or "signingKeys", parameter.Name);
            if (secure && parameter.Value.TryGetProperty("defaultValue", out var value))
                (parameter.Name, value.GetString()).ShouldBe(("formerAccessSecret", ""));
        }

        template.Parameters.Count(parameter => parameter.Value.GetProperty("type").GetString() == "securestring").ShouldBe(4);
        template.Each("Microsoft.KeyVault/vaults/secrets").Select(
            secret => (secret.Name[(secret.Name.LastIndexOf(", ", StringComparison.Ordinal) + 2)..], secret["properties.value"]))
            .ShouldBe(
                [
                    ("'access-secret')", "parameters('accessSecret')"),
                    ("'former-access-secret')", "parameters('formerAccessSecret')"),
                    ("'admin-keys')", "parameters('adminKeys')"),
                    ("'signing-keys')", "parameters('signingKeys')")],
                ignoreOrder: true);
    }

    [Fact]
    public async Task Every_parameter_and_output_is_described()
    {
        var template = await bicep.CompileAsync(Cancellation);

        foreach (var one in template.All.SelectMany(one => one.Parameters.Concat(one.Outputs)))
            one.Value.GetProperty("metadata").GetProperty("description").GetString().ShouldNotBeNullOrWhiteSpace(one.Name);
    }

    [Fact]
    public async Task What_can_be_logged_is_logged_to_the_workspace()
    {
        var template = await bicep.CompileAsync(Cancellation);
        var diagnostics = template.Each("Microsoft.Insights/diagnosticSettings");

        foreach (var type in (string[])
            [
                "Microsoft.Web/sites",
                "Microsoft.EventGrid/domains",
                "Microsoft.KeyVault/vaults",
                "Microsoft.Storage/storageAccounts/tableServices",
                "Microsoft.Storage/storageAccounts/blobServices"])
        {
            var resources = template.Each(type);
            resources.ShouldNotBeEmpty(type);
            foreach (var resource in resources)
            {
                diagnostics.Where(
                    one => one.Template.Name == resource.Template.Name
                        && one["scope"]!.StartsWith($"resourceId('{type}',", StringComparison.Ordinal))
                    .ShouldHaveSingleItem($"{type} in {resource.Template.Name}")["properties.workspaceId"]!.ShouldContain("'monitoring'");
            }
        }
    }

    [Fact]
    public async Task There_is_an_alert_for_each_thing_that_goes_wrong()
    {
        var template = await bicep.CompileAsync(Cancellation);
        var alerts = template.All.Single(one => one.Name == "alerts").Json;
        var rules = alerts.GetProperty("variables").GetProperty("rules").EnumerateArray().ToList();

        rules.Select(rule => rule.GetProperty("name").GetString()).ShouldBe(
            ["server-errors", "outbox-lag", "oldest-visible", "dead-messages", "sweep-failures", "relay-lag", "relay-failures"],
            ignoreOrder: true);
        rules.SelectMany(rule => Metric().Matches(rule.GetProperty("query").GetString()!)).Select(match => match.Groups[1].Value)
            .ShouldBe(
                [
                    "burrow.outbox.lag",
                    "burrow.queue.oldest_visible_age",
                    "burrow.messages.dead",
                    "burrow.sweep.failures",
                    "burrow.relay.lag",
                    "burrow.relay.failures",
                ],
                ignoreOrder: true);
        foreach (var name in rules.SelectMany(rule => Name().Matches(rule.GetProperty("query").GetString()!))
            .Select(match => match.Value)
            .Distinct())
        {
            Sources().ShouldContain(source => source.Contains(name, StringComparison.Ordinal), name);
        }

        rules.ShouldAllBe(rule => Threshold().IsMatch(rule.GetProperty("threshold").GetString()!));
        var throttled = template.Each("Microsoft.Insights/metricAlerts").ShouldHaveSingleItem();
        throttled["properties.scopes"]!.ShouldContain("tableServices/default");
        throttled["properties.criteria"]!.ShouldContain("\"Transactions\"");
        throttled["properties.criteria"]!.ShouldContain("\"ServerBusyError\"");
    }

    [Fact]
    public async Task Azd_gives_every_parameter_that_has_no_default_and_no_other()
    {
        var template = await bicep.CompileAsync(Cancellation);
        var given = Json("bicep/main.parameters.json").GetProperty("parameters").EnumerateObject().ToList();

        given.Select(one => one.Name).ShouldBeSubsetOf(template.Parameters.Select(parameter => parameter.Name));
        template.Parameters.Where(parameter => !parameter.Value.TryGetProperty("defaultValue", out _)).Select(parameter => parameter.Name)
            .ShouldBeSubsetOf(given.Select(one => one.Name));
        // All values are from the environment, so no secret is in the file.
        given.ShouldAllBe(one => FromEnvironment().IsMatch(one.Value.GetProperty("value").GetString()!));
    }

    [Fact]
    public async Task Azd_finds_the_project_the_template_and_the_app()
    {
        var template = await bicep.CompileAsync(Cancellation);
        var azure = File.ReadAllLines(Path.Combine(Repository.Root, "azure.yaml"))
            .Select(line => line.Split(": ", 2))
            .Where(pair => pair.Length == 2)
            .ToLookup(pair => pair[0].Trim(), pair => pair[1].Trim());

        File.Exists(Path.Combine(Repository.Root, azure["path"].Single(), $"{azure["module"].Single()}.bicep")).ShouldBeTrue();
        File.Exists(Path.Combine(Repository.Root, azure["project"].Single(), "Burrow.Functions.csproj")).ShouldBeTrue();
        File.ReadAllLines(Path.Combine(Repository.Root, "azure.yaml")).ShouldContain("  burrow:");
        template.Each("Microsoft.Web/sites").ShouldHaveSingleItem()["tags"]!.ShouldContain("createObject('azd-service-name', 'burrow')");
    }

    /// <summary>The product's code. It names every metric and attribute that an alert asks for.</summary>
    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(
            Path.Combine(Repository.Root, "functions", "Burrow"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText);

    private static JsonElement Json(string file) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, file))).RootElement;

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Guid();

    [GeneratedRegex(@"\blist\w*\(", RegexOptions.IgnoreCase)]
    private static partial Regex ListFunction();

    [GeneratedRegex("Name == \"([^\"]+)\"")]
    private static partial Regex Metric();

    [GeneratedRegex("\"(burrow|messaging)[a-z_.]+\"")]
    private static partial Regex Name();

    [GeneratedRegex(@"^\[parameters\('\w+'\)\]$")]
    private static partial Regex Threshold();

    [GeneratedRegex(@"^\$\{[A-Z_]+=?\}$")]
    private static partial Regex FromEnvironment();
}
