using System.Security.Cryptography;
using System.Text;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Tests.Support;

/// <summary>A server where every request needs a key, and one connection for the requests of all callers.</summary>
internal sealed class AccessServer : IAsyncDisposable
{
    private readonly RawHttp http;

    private AccessServer(LocalServer server, RawHttp http, string admin, TestTime time) =>
        (Server, this.http, Admin, Time) = (server, http, admin, time);

    public LocalServer Server { get; }

    /// <summary>The operator's key.</summary>
    public string Admin { get; }

    public TestTime Time { get; }

    public Quotas Quotas => Server.Services.GetRequiredService<Quotas>();

    /// <summary>The requests whose body or answer is under way for long, or that wait.</summary>
    public int Watched => Server.Services.GetRequiredService<RequestWatch>().Count;

    public static async Task<AccessServer> StartAsync(
        ITableStore? store = null,
        TestTime? time = null,
        string? admin = null,
        string? secret = null,
        Action<BurrowOptions>? configure = null)
    {
        admin ??= NewAdminKey();
        time ??= new TestTime();
        var server = await LocalServer.StartAsync(store ?? new MemoryTableStore(), time, options =>
        {
            options.Access.Mode = AccessMode.Keys;
            options.Access.AdminKeys = admin;
            options.Access.Secret = secret ?? NewSecret();
            options.Quotas = new() { RequestsPerSecond = QuotasOptions.Unlimited };
            configure?.Invoke(options);
        });
        return new(server, await RawHttp.ConnectAsync(server.Address), admin, time);
    }

    public static string NewAdminKey(string name = "test") => SuiteLog.Whole.Keep($"brw_admin-{name}_{NewSecret()}");

    public static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Sends a request with a key, or without a key if <paramref name="key"/> is null.</summary>
    public async Task<RawAnswer> SendAsync(
        string? key, string method, string target, string? body = null, params (string Name, string Value)[] headers)
    {
        var bytes = body is null ? null : Encoding.UTF8.GetBytes(body);
        var answer = await http.SendAsync(method, target, bytes, key is null ? headers : [("Authorization", $"Bearer {key}"), .. headers]);
        answer.ShouldBeDocumented(method, target);
        return answer;
    }

    /// <summary>Creates a key and returns its text.</summary>
    public async Task<string> MakeKeyAsync(
        string name, string allow, string queues = "*", string? expires = null, string? with = null, string account = "a")
    {
        var until = expires is null ? "" : $",\"expires\":\"{expires}\"";
        var body = $$"""{"queues":"{{queues}}","allow":["{{allow.Replace(" ", "\",\"")}}"]{{until}}}""";
        var answer = await SendAsync(with ?? Admin, "PUT", $"/keys/{account}/{name}", body);
        answer.Status.ShouldBe(201, answer.Text);
        return SuiteLog.Whole.Keep(answer.Json.GetProperty("key").GetString()!);
    }

    /// <summary>Creates a link and returns its target, without scheme and host.</summary>
    public async Task<string> MakeLinkAsync(string key, string body, string account = "a")
    {
        var answer = await SendAsync(key, "POST", $"/links/{account}", body);
        answer.Status.ShouldBe(201, answer.Text);
        var target = new Uri(answer.Json.GetProperty("url").GetString()!).PathAndQuery;
        SuiteLog.Whole.Keep(target.Split("st=")[1].Split('.')[1]);
        return target;
    }

    public async ValueTask DisposeAsync()
    {
        await http.DisposeAsync();
        await Server.DisposeAsync();
    }
}
