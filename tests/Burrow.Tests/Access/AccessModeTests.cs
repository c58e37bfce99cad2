using System.Net;
using Burrow.Access;
using Burrow.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Burrow.Tests.Access;

/// <summary>Where clients need a key, and with which settings a process refuses to start.</summary>
public sealed class AccessModeTests
{
    private const string Secret = "a secret of thirty-two characters";

    private const string Digits = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string OtherDigits = "baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    private static string AdminKey => $"brw_admin-me_{new string('a', 64)}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, "Access:Secret", "Access:AdminKeys")]
    [InlineData("Keys", "Access:Secret", "Access:AdminKeys")]
    [InlineData("Open", "AllowAnyoneToReadAndDeleteEverything")]
    public void The_function_app_refuses_to_start_without_what_its_mode_needs(string? mode, params string[] named)
    {
        var error = Should.Throw<OptionsValidationException>(() => Options(("Mode", mode)));
        foreach (var name in named)
            error.Message.ShouldContain(name);
    }

    [Fact]
    public void The_function_app_wants_keys_unless_it_is_told_twice()
    {
        Options(("AdminKeys", AdminKey), ("Secret", Secret)).IsOpen.ShouldBeFalse();
        Options(
            ("Mode", "keys"),
            ("AdminKeys", AdminKey),
            ("Secret", Secret),
            ("AllowAnyoneToReadAndDeleteEverything", "true")).IsOpen.ShouldBeFalse();
        Options(("Mode", "Open"), ("AllowAnyoneToReadAndDeleteEverything", "true")).IsOpen.ShouldBeTrue();
        Options(("Mode", ""), ("AdminKeys", $"{AdminKey}, {AdminKey.Replace("-me", "-you")}"), ("Secret", Secret)).IsOpen.ShouldBeFalse();
    }

    [Theory]
    [InlineData("AdminKeys", "letmein", "key 1")]
    [InlineData("AdminKeys", "brw_admin-me_aaaa", "key 1")]
    [InlineData("AdminKeys", $"brw_admin-me_{Digits},brw_me_{Digits}", "key 2")]
    [InlineData("AdminKeys", $"brw_admin-me_{Digits},brw_admin-me_{OtherDigits}", "two of the id")]
    [InlineData("Secret", "too short", "Secret")]
    [InlineData("AllowedOrigins", "example.com", "example.com")]
    [InlineData("AllowedOrigins", "https://example.com/", "https://example.com/")]
    [InlineData("AllowedOrigins", "*", "'*'")]
    public void What_is_wrong_with_a_setting_is_named_but_not_a_secret(string setting, string value, string named)
    {
        var settings = new Dictionary<string, string?> { ["AdminKeys"] = AdminKey, ["Secret"] = Secret, [setting] = value };
        var error = Should.Throw<OptionsValidationException>(() => Options([.. settings.Select(pair => (pair.Key, pair.Value))]));
        error.Message.ShouldContain(named);
        error.Message.ShouldNotContain(new string('a', 20));
    }

    [Fact]
    public async Task The_local_process_is_open_on_loopback_and_wants_keys_elsewhere()
    {
        await using (var local = await BurrowProcess.StartAsync("memory"))
            (await local.Http.GetAsync("/v1.0/a/q", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var keys =
            new Dictionary<string, string?>
            {
                ["Burrow__Access__Mode"] = "Keys",
                ["Burrow__Access__AdminKeys"] = AccessServer.NewAdminKey(),
            };
        await using (var local = await BurrowProcess.StartAsync("memory", keys, null, int.MaxValue))
        {
            using var refused = await local.Http.GetAsync("/v1.0/a/q", Token);
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            local.Http.DefaultRequestHeaders.Authorization = new("Bearer", keys["Burrow__Access__AdminKeys"]);
            (await local.Http.GetAsync("/v1.0/a/q", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Theory]
    [InlineData(null, "Burrow can't start: Burrow:Access:AdminKeys is missing.")]
    [InlineData("Keys", "Burrow can't start: Burrow:Access:AdminKeys is missing.")]
    [InlineData("Open", "Burrow can't start: Others can reach --urls")]
    public async Task Where_others_reach_it_the_local_process_refuses_to_be_open(string? mode, string said)
    {
        await using var process = await ListeningProcess.StartAsync(
            "Burrow.Local.dll",
            ["--urls", "http://0.0.0.0:0;http://127.0.0.1:0", "--tables", "memory"],
            new Dictionary<string, string?> { ["Burrow__Access__Mode"] = mode });
        (await process.ExitAsync()).ShouldBe(1);
        process.Output.ShouldStartWith(said);
    }

    [Fact]
    public async Task Clients_written_for_keys_also_work_where_no_key_is_needed()
    {
        await using var local = await LocalServer.StartAsync(new Burrow.Tables.Memory.MemoryTableStore());
        await using var raw = await RawHttp.ConnectAsync(local.Address);
        (await raw.SendAsync("PUT", "/keys/a/worker", """{"allow":["read"]}"""u8.ToArray())).Status.ShouldBe(201);
        (await raw.SendAsync("PUT", "/v1.0/a/q/m", [], ("Authorization", "Bearer whatever"))).Status.ShouldBe(201);
        var link = await raw.SendAsync("POST", "/links/a", """{"method":"GET","queue":"q","expires":"2100-01-01T00:00:00Z"}"""u8.ToArray());
        (await raw.SendAsync("GET", new Uri(link.Json.GetProperty("url").GetString()!).PathAndQuery)).Status.ShouldBe(200);
    }

    private static AccessOptions Options(params (string Name, string? Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(
            settings.ToDictionary(setting => $"Burrow:Access:{setting.Name}", setting => setting.Value));
        builder.Configuration.AddInMemoryCollection([new("Burrow:Storage:ConnectionString", "UseDevelopmentStorage=true")]);
        builder.Services.AddLogging();
        builder.Services.AddBurrow(builder.Configuration);
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<BurrowOptions>>().Value.Access;
    }
}
