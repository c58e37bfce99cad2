using Burrow.Access;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Tests.Access;

/// <summary>
/// All permissions over HTTP: every route and method that a trigger declares, as every kind of caller. The permissions that each
/// operation needs are written down here a second time, so that a mistake in the table of the code is seen.
/// </summary>
public sealed class PermissionTests : IAsyncLifetime
{
    private const string Producer = """{"epoch":1}""";
    private const string Reader = """{"after":"0000000000000001"}""";
    private const string Everything = "send receive read delete subscribe manage relay";
    private const string Public = "public";
    private const string Admins = "admin";
    private const string Webhook = """{"endpoint":"http://127.0.0.1:9"}""";
    private const string Relay = """{"queues":"new","to":"https://other.example"}""";
    private const string SomeKey = """{"allow":["manage"]}""";

    /// <summary>Every operation, and the permissions that it needs.</summary>
    private static readonly Operation[] Operations =
    [
        new("GET HEAD", "/", Public),
        new("GET HEAD", "/.well-known/jwks.json", Public),
        new("GET HEAD", "/openapi.json", Public),
        new("GET HEAD", "/health", Public),
        new("GET HEAD", "/health/ready", Public),
        new("GET HEAD", "/v1.0", Admins),
        new("DELETE", "/v1.0", Admins),
        new("GET HEAD", "/v1.0/a", "read"),
        new("DELETE", "/v1.0/a", "manage"),
        new("GET HEAD", "/v1.0/a/q", "read") { Queue = "q" },
        new("POST", "/v1.0/a/q?hide=60", "receive") { Queue = "q" },
        new("DELETE", "/v1.0/a/q", "delete") { Queue = "q" },
        new("DELETE", "/v1.0/a/q?limit=1&detail=all", "receive delete") { Queue = "q" },
        new("DELETE", "/v1.0/a/q?detail=id", "receive delete") { Queue = "q" },
        new("GET HEAD", "/stats/a", "read"),
        new("GET HEAD", "/stats/a/q", "read") { Queue = "q" },
        new("GET HEAD", "/v1.0/a/q/m", "read") { Queue = "q", Id = "m" },
        new("PUT", "/v1.0/a/q/m", "send") { Queue = "q", Id = "m", Body = "x" },
        new("POST", "/v1.0/a/q/m?hide=0", "receive") { Queue = "q", Id = "m" },
        new("DELETE", "/v1.0/a/q/m", "delete") { Queue = "q", Id = "m" },
        new("DELETE", "/v1.0/a/q/m?detail=body", "receive delete") { Queue = "q", Id = "m" },
        new("DELETE", "/v1.0/a/q/m", "receive") { Queue = "q", Id = "m", IfMatch = "etag" },
        new("DELETE", "/v1.0/a/q/m", "delete") { Queue = "q", Id = "m", IfMatch = "*" },
        new("POST", "/batch/a/q", "send") { Queue = "q", Body = """[{"id":"m"}]""" },
        new("POST", "/batch/a/q", "receive") { Queue = "q", Body = """[{"op":"update","id":"m","hide":60}]""" },
        new("POST", "/batch/a/q", "delete") { Queue = "q", Body = """[{"op":"delete","id":"m"}]""" },
        new("POST", "/batch/a/q", "receive") { Queue = "q", Body = """[{"op":"delete","id":"m","ifMatch":"{etag}"}]""" },
        new("POST", "/batch/a/q?producer=other", "relay")
        {
            Queue = "q",
            Body = """[{"id":"n","number":1,"inserted":"2026-01-01T00:00:00Z","expires":"2100-01-01T00:00:00Z","via":["stamp"]}]""",
        },
        new("POST", "/v1.0/a/q/m?outcome=failed", "receive") { Queue = "q", Id = "m", IfMatch = "etag" },
        new("POST", "/v1.0/a/q/m?outcome=done", "receive") { Queue = "q", Id = "m", IfMatch = "etag" },
        new("POST", "/batch/a/q", "receive")
        {
            Queue = "q", Body = """[{"op":"update","id":"m","outcome":"dead","ifMatch":"{etag}"}]""",
        },
        new("GET HEAD", "/dead/a", "read"),
        new("GET HEAD", "/dead/a/q", "read") { Queue = "q" },
        new("POST", "/dead/a/q", "manage") { Queue = "q" },
        new("POST", "/dead/a/q?detail=id", "manage read") { Queue = "q" },
        new("DELETE", "/dead/a/q", "delete") { Queue = "q" },
        new("DELETE", "/dead/a/q?detail=full", "read delete") { Queue = "q" },
        new("GET HEAD", "/dead/a/q/d", "read") { Queue = "q" },
        new("POST", "/dead/a/q/d", "manage") { Queue = "q" },
        new("POST", "/dead/a/q/d?detail=all", "manage read") { Queue = "q" },
        new("DELETE", "/dead/a/q/d", "delete") { Queue = "q" },
        new("DELETE", "/dead/a/q/d?detail=id", "read delete") { Queue = "q" },
        new("GET HEAD", "/readers/a/q", "read") { Queue = "q" },
        new("GET HEAD", "/readers/a/q/some", "read") { Queue = "q" },
        new("GET HEAD", "/v1.0/a/q?reader=some", "read") { Queue = "q" },
        new("PUT", "/readers/a/q/new", "read") { Queue = "q", Body = Reader },
        new("DELETE", "/readers/a/q/some", "read") { Queue = "q" },
        new("GET HEAD", "/results/a/q/m", "send|read") { Queue = "q" },
        new("PUT", "/results/a/q/m", "receive") { Queue = "q", IfMatch = "etag" },
        new("GET HEAD", "/groups/a/q", "read") { Queue = "q" },
        new("GET HEAD", "/producers/a/q", "read") { Queue = "q" },
        new("GET HEAD", "/producers/a/q/some", "send|read|relay") { Queue = "q" },
        new("GET HEAD", "/producers/a/q/some/messages", "relay") { Queue = "q" },
        new("PUT", "/producers/a/q/new", "manage") { Queue = "q", Body = Producer },
        new("DELETE", "/producers/a/q/some", "manage") { Queue = "q" },
        new("GET HEAD", "/policies/a", "manage"),
        new("GET HEAD", "/policies/a?queue=q", "manage") { Queue = "q" },
        new("GET HEAD", "/policies/a/some", "manage"),
        new("PUT", "/policies/a/new", "manage") { Body = """{"queues":"new"}""" },
        new("DELETE", "/policies/a/some", "manage"),
        new("GET HEAD", "/relays/a", "manage"),
        new("GET HEAD", "/relays/a/some", "manage"),
        new("GET HEAD", "/relays/a/some/missing", "manage"),
        new("PUT", "/relays/a/new", "manage") { Body = Relay },
        new("DELETE", "/relays/a/some", "manage"),
        new("GET HEAD", "/subscriptions/a", "subscribe"),
        new("GET HEAD", "/subscriptions/a/hook", "subscribe"),
        new("PUT", "/subscriptions/a/hook", "subscribe") { Body = Webhook },
        new("DELETE", "/subscriptions/a/hook", "subscribe"),
        new("GET HEAD", "/keys/a", "manage"),
        new("GET HEAD", "/keys/a/some", "manage"),
        new("PUT", "/keys/a/new", "manage") { Body = SomeKey },
        new("DELETE", "/keys/a/some", "manage"),
        new("POST", "/links/a", "manage read") { Body = """{"method":"GET","queue":"q","expires":"2100-01-01T00:00:00Z"}""" },
        new("GET HEAD", "/limits/a", "manage"),
        new("PUT", "/limits/a", Admins) { Body = """{"requestsPerSecond":1000000}""" },
        new("DELETE", "/limits/a", Admins),
    ];

    private AccessServer server = null!;

    public async ValueTask InitializeAsync() =>
        server = await AccessServer.StartAsync(configure: options => options.Relays.AllowedHosts = "other.example");

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Every_operation_is_done_only_for_callers_that_may()
    {
        var callers = await CallersAsync();
        var asked = 0;
        foreach (var operation in Operations)
        {
            foreach (var method in operation.Methods.Split(' '))
            {
                foreach (var caller in callers)
                {
                    var answer = await AskAsync(caller, operation, method);
                    StatusOf(answer, operation).ShouldBe(
                        Expected(caller, operation),
                        $"{caller.Name}: {method} {operation.Target} {operation.Body} {operation.IfMatch}: {answer.Text}");
                    if (answer.Status == 401)
                        answer.Headers["WWW-Authenticate"].ShouldStartWith("Bearer realm=\"burrow\"");
                    if (answer.Status == 403 && method != "HEAD" && !operation.Needs.Contains(Admins) && caller.Scope == "*")
                    {
                        operation.Needs.Split(' ', '|')
                            .Where(need => answer.Text.Contains($"`{need}`") || answer.Text.Contains("no wider"))
                            .ShouldNotBeEmpty(answer.Text);
                    }

                    asked++;
                }
            }
        }

        asked.ShouldBeGreaterThan(900);
    }

    [Fact]
    public async Task Links_do_what_they_are_for_and_nothing_else()
    {
        var all = await server.MakeKeyAsync("linker", Everything);
        var doomed = await server.MakeKeyAsync("doomed", Everything);
        var revoked = new Dictionary<string, string>();
        var linked = Operations.Where(
            operation => operation.Queue is not null && operation.Target.StartsWith("/v1.0", StringComparison.Ordinal)).ToList();
        foreach (var operation in linked)
            revoked[Terms(operation)] = await server.MakeLinkAsync(doomed, Terms(operation));
        await server.SendAsync(server.Admin, "DELETE", "/keys/a/doomed");
        server.Time.Advance(AccessLimits.AccessFreshness);

        foreach (var operation in linked)
        {
            var good = await server.MakeLinkAsync(all, Terms(operation));
            var byAdmin = await server.MakeLinkAsync(server.Admin, Terms(operation));
            foreach (var method in operation.Methods.Split(' '))
            {
                (await AskAsync(null, good, operation, method)).Status.ShouldBe(operation.Success, $"{method} {operation.Target}");
                (await AskAsync(null, byAdmin, operation, method)).Status.ShouldBe(operation.Success, $"{method} {operation.Target}");
                (await AskAsync(null, Expired(operation), operation, method)).Status.ShouldBe(401);
                (await AskAsync(null, revoked[Terms(operation)], operation, method)).Status.ShouldBe(401);
                (await AskAsync(null, good[..^1] + (good[^1] == '0' ? '1' : '0'), operation, method)).Status.ShouldBe(401);
                (await AskAsync(null, good.Replace("/a/q", "/a/p"), operation, method)).Status.ShouldBe(401);
                (await AskAsync(null, good + "&wait=1", operation, method)).Status.ShouldBe(403);
                // A key has precedence over a link.
                (await AskAsync("no key", good, operation, method)).Status.ShouldBe(401);
            }

            foreach (var method in "GET PUT POST DELETE".Split(' ').Except(operation.Methods.Split(' ')))
                (await AskAsync(null, good, operation, method)).Status.ShouldBeOneOf(403, 405);
            // On other routes the link does not count at all.
            var token = good.Split("st=")[1];
            foreach (var other in Operations.Where(
                other => other.Queue is null || !other.Target.StartsWith("/v1.0", StringComparison.Ordinal)))
            {
                var answer = await server.SendAsync(
                    null, other.Methods.Split(' ')[0], $"{other.Target}?st={token}", other.Body, ("Content-Type", "application/json"));
                answer.Status.ShouldBe(other.Needs == Public ? 200 : 401, other.Target);
            }
        }
    }

    [Fact]
    public void Every_route_and_method_is_an_operation_or_refused()
    {
        var tested = Operations.SelectMany(
            operation => operation.Methods.Split(' ').Select(method => $"{method} {operation.Target.Split('?')[0]}"));

        tested.Select(Shape).Distinct().Order().ShouldBe(DeclaredOperations.All.Select(Shape).Distinct().Order());

        // /v1.0/a/q/m and v1.0/{account}/{queue}/{message} have the same shape.
        static string Shape(string line) =>
            string.Join('/', line.Split('/').Select((part, i) => i < 2 || part == "jwks.json" ? part : "*"));
    }

    [Fact]
    public async Task A_method_that_a_route_does_not_have_is_405_for_every_caller()
    {
        foreach (var resource in DeclaredOperations.Resources)
        {
            foreach (var method in DeclaredOperations.HostMethods.Except(resource.Methods))
            {
                foreach (var key in (string?[])[null, "nonsense", server.Admin])
                    (await server.SendAsync(key, method, DeclaredOperations.TargetOf(resource, "some"))).Status.ShouldBe(405);
            }
        }
    }

    [Fact]
    public void The_table_in_the_reference_is_that_of_the_code()
    {
        var reference = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reference", "permissions.md"));
        foreach (var policy in OperationPolicy.All)
            reference.ShouldContain($"| {policy.Operation} | {policy.Requirement} |");
        OperationPolicy.All.Count.ShouldBe(typeof(OperationPolicy).GetFields().Count(field => field.FieldType == typeof(OperationPolicy)));
    }

    [Fact]
    public async Task Of_a_batch_is_done_what_the_key_allows()
    {
        var key = await server.MakeKeyAsync("sender", "send");
        await server.SendAsync(key, "PUT", "/v1.0/a/q/m", "x");
        var answer = await server.SendAsync(
            key,
            "POST",
            "/batch/a/q",
            """
            [
              {"id":"n"}, {"op":"update","id":"m","hide":60}, {"op":"delete","id":"m"},
              {"op":"delete","id":"m","ifMatch":"\"x\""}, {"id":"o"}
            ]
            """,
            ("Content-Type", "application/json"));
        answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32()).ShouldBe([201, 403, 403, 403, 201]);
        answer.Json[1].GetProperty("error").GetString()!.ShouldContain("`receive`");
    }

    [Fact]
    public async Task Where_an_account_is_missing_and_where_it_is_another_s_is_told_byte_for_byte_alike()
    {
        var other = await server.MakeKeyAsync("other", Everything, account: "b");
        foreach (var operation in Operations.Where(operation => operation.Needs is not (Public or Admins) && operation.Target != "/v1.0"))
        {
            foreach (var method in operation.Methods.Split(' '))
            {
                await SetUpAsync();
                var there = await AskAsync(other, operation.Target, operation, method);
                var missing = await AskAsync(other, operation.Target.Replace("/a", "/missing"), operation, method);
                there.Status.ShouldBe(404);
                there.Body.ShouldBe(missing.Body);
                there.Headers.Where(header => header.Key != "Date").ShouldBe(missing.Headers.Where(header => header.Key != "Date"));
            }
        }

        // The answer is also the same as for the key's own account when that holds nothing.
        foreach (var target in (string[])["/v1.0/{0}", "/v1.0/{0}/q", "/v1.0/{0}/q/m", "/subscriptions/{0}"])
        {
            var (another, own) = (await server.SendAsync(
                other, "GET", string.Format(null, target, "a")), await server.SendAsync(other, "GET", string.Format(null, target, "b")));
            (another.Status, another.Text).ShouldBe((own.Status, own.Text), target);
        }
    }

    [Fact]
    public async Task A_scoped_key_sees_and_deletes_its_own_queues_only()
    {
        var key = await server.MakeKeyAsync("orders", Everything, "orders-*");
        foreach (var queue in (string[])["orders-1", "orders-2", "others", "order"])
            (await server.SendAsync(server.Admin, "PUT", $"/v1.0/a/{queue}/m?ttl=0", "x")).Status.ShouldBe(201);
        foreach (var (name, queues) in ((string, string)[])[("all-of-it", "*"), ("mine-only", "orders-1*")])
        {
            (await server.SendAsync(
                server.Admin,
                "PUT",
                $"/subscriptions/a/{name}",
                $$"""{"endpoint":"http://127.0.0.1:9","queues":"{{queues}}"}""")).Status.ShouldBe(201);
        }

        (await server.SendAsync(key, "GET", "/v1.0/a")).Strings.ShouldBe(["orders-1", "orders-2"]);
        (await server.SendAsync(key, "GET", "/v1.0/a?marker=orders-1")).Strings.ShouldBe(["orders-2"]);
        // A queue that the key may not see is no marker, either.
        (await server.SendAsync(key, "GET", "/v1.0/a?marker=others")).Strings.ShouldBe(["orders-1", "orders-2"]);
        (await server.SendAsync(key, "GET", "/subscriptions/a")).Json.GetArrayLength().ShouldBe(1);
        (await server.SendAsync(key, "GET", "/subscriptions/a/all-of-it")).Status.ShouldBe(404);
        (await server.SendAsync(key, "DELETE", "/subscriptions/a/all-of-it")).Status.ShouldBe(404);
        (await server.SendAsync(
            key, "PUT", "/subscriptions/a/all-of-it", """{"endpoint":"http://127.0.0.1:9","queues":"orders-1"}""")).Status.ShouldBe(403);
        (await server.SendAsync(key, "PUT", "/subscriptions/a/more", Webhook)).Status.ShouldBe(403);
        (await server.SendAsync(key, "PUT", "/keys/a/wider", """{"queues":"order*","allow":["read"]}""")).Status.ShouldBe(403);
        (await server.SendAsync(key, "PUT", "/keys/a/narrower", """{"queues":"orders-1","allow":["read"]}""")).Status.ShouldBe(201);
        (await server.SendAsync(
            key, "POST", "/links/a", """{"method":"GET","queue":"others","expires":"2100-01-01T00:00:00Z"}""")).Status.ShouldBe(403);
        (await server.SendAsync(key, "DELETE", "/v1.0/a")).Status.ShouldBe(200);
        (await server.SendAsync(server.Admin, "GET", "/v1.0/a")).Strings.ShouldBe(["order", "others"]);
    }

    private static string Terms(Operation operation)
    {
        var parameters = operation.Target.Split('?') is [_, var query]
            ? query.Split('&').Select(pair => pair.Split('=')).Select(pair => $"\"{pair[0]}\":\"{pair[1]}\"")
            : [];
        var method = operation.Methods.Split(' ')[0];
        var id = operation.Id is null ? "" : ",\"id\":\"m\"";
        var all = string.Join(',', parameters);
        return $$"""{"method":"{{method}}","queue":"q"{{id}},"parameters":{{{all}}},"expires":"2100-01-01T00:00:00Z"}""";
    }

    private static int Expected(Caller caller, Operation operation)
    {
        if (operation.Needs == Public)
            return 200;
        if (caller.Refused is { } refused)
            return refused;
        if (caller.Account != "a" && operation.Needs != Admins)
            return 404;
        if (caller.Permissions == Admins)
            return operation.Success;
        if (operation.Needs == Admins)
            return caller.Account != "a" && operation.Target != "/v1.0" ? 404 : 403;
        var covers = operation.Needs.Split(' ').All(need => need.Split('|').Any(caller.Permissions.Split(' ').Contains));
        if (caller.Scope == "*")
            return covers ? operation.Success : 403;
        // The key is for other queues. Operations that are on no queue answer as if the account had nothing of this one.
        return operation.Queue is not null
            || operation.Target.StartsWith("/links", StringComparison.Ordinal)
            || operation.Target is "/keys/a/new" ? 403
            : operation.Methods == "PUT" ? 403
            : operation.Target is "/keys/a" or "/limits/a" ? operation.Success
            : 404;
    }

    /// <summary>The status. For a batch, the status of its one item, unless the whole batch is refused.</summary>
    private static int StatusOf(RawAnswer answer, Operation operation) =>
        operation.Target.StartsWith("/batch", StringComparison.Ordinal) && answer.Status == 200
            ? answer.Json[0].GetProperty("status").GetInt32()
            : answer.Status;

    private string Expired(Operation operation)
    {
        var parameters = operation.Target.Split('?') is [_, var query]
            ? query.Split('&').ToDictionary(pair => pair.Split('=')[0], string? (pair) => pair.Split('=')[1])
            : [];
        var terms = new LinkTerms(
            server.Admin.Split('_')[1], operation.Methods.Split(' ')[0], server.Time.GetUtcNow().ToUnixTimeSeconds(), parameters);
        var token = server.Server.Services.GetRequiredService<LinkSigner>().Sign(
            terms, new(new("a"), new("q")), operation.Id is null ? null : new("m"));
        return $"{operation.Target}{(operation.Target.Contains('?') ? '&' : '?')}st={token}";
    }

    private async Task<List<Caller>> CallersAsync()
    {
        var callers = new List<Caller>
        {
            new("without a key", null) { Refused = 401 },
            new("malformed", "brw_nonsense") { Refused = 401 },
            new("unknown", $"brw_aaaaaaaaaaaaaaaaaaaaaaaaaa-x-aaaaaaaaaaaaaaaa_{AccessServer.NewSecret()}") { Refused = 401 },
            new("unknown admin", AccessServer.NewAdminKey("unknown")) { Refused = 401 },
            new("admin", server.Admin) { Permissions = Admins },
            new("other account", await server.MakeKeyAsync("other", Everything, account: "b")) { Account = "b", Permissions = Everything },
            new("everything", await server.MakeKeyAsync("all", Everything)) { Permissions = Everything },
            new(
                "everything elsewhere",
                await server.MakeKeyAsync("elsewhere", Everything, "other-*")) { Permissions = Everything, Scope = "other-*" },
            new("receive and delete", await server.MakeKeyAsync("taker", "receive delete")) { Permissions = "receive delete" },
            new("manage and read", await server.MakeKeyAsync("reader", "manage read")) { Permissions = "manage read" },
        };
        var all = callers.Single(caller => caller.Name == "everything").Key!;
        callers.Add(new("wrong secret", all[..^1] + (all[^1] == '0' ? '1' : '0')) { Refused = 401 });
        foreach (var permission in Everything.Split(' '))
            callers.Add(new(permission, await server.MakeKeyAsync($"only-{permission}", permission)) { Permissions = permission });
        callers.Add(
            new(
                "expired",
                await server.MakeKeyAsync(
                    "expired", Everything, expires: $"{server.Time.GetUtcNow().AddMinutes(1):yyyy-MM-ddTHH:mm:ssZ}"))
            { Refused = 401 });
        var doomed = await server.MakeKeyAsync("doomed", Everything);
        callers.Add(new("revoked", doomed) { Refused = 401 });
        callers.Add(new("made with the revoked", await server.MakeKeyAsync("orphan", Everything, with: doomed)) { Refused = 401 });
        callers.Add(
            new(
                "made with what was made with the revoked",
                await server.MakeKeyAsync("orphan-2", Everything, with: callers[^1].Key))
            { Refused = 401 });
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/doomed")).Status.ShouldBe(200);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        return callers;
    }

    /// <summary>Stores everything that the operations work on, and removes what they make. Returns the ETag of the message.</summary>
    private async Task<string> SetUpAsync()
    {
        await SendAsync(server.Admin, "DELETE", "/keys/a/new");
        await SendAsync(server.Admin, "PUT", "/keys/a/some", SomeKey);
        (await SendAsync(server.Admin, "PUT", "/subscriptions/a/hook", Webhook)).Status.ShouldBeOneOf(200, 201);
        await SendAsync(server.Admin, "DELETE", "/policies/a/new");
        await SendAsync(server.Admin, "DELETE", "/readers/a/q/new");
        (await SendAsync(server.Admin, "PUT", "/readers/a/q/some", Reader)).Status.ShouldBeOneOf(200, 201);
        await SendAsync(server.Admin, "DELETE", "/producers/a/q/new");
        await SendAsync(server.Admin, "DELETE", "/producers/a/q/other");
        await SendAsync(server.Admin, "DELETE", "/v1.0/a/q/n");
        await SendAsync(server.Admin, "DELETE", "/relays/a/new");
        (await SendAsync(server.Admin, "PUT", "/relays/a/some", Relay.Replace("new", "some", StringComparison.Ordinal)))
            .Status.ShouldBeOneOf(200, 201);
        (await SendAsync(server.Admin, "PUT", "/producers/a/q/some", Producer)).Status.ShouldBeOneOf(200, 201);
        (await SendAsync(server.Admin, "PUT", "/v1.0/a/q/g?ttl=0&group=g&hide=3600", "x")).Status.ShouldBeOneOf(200, 201);
        (await SendAsync(server.Admin, "PUT", "/policies/a/some", """{"queues":"q"}""")).Status.ShouldBeOneOf(200, 201);
        var dead = (await SendAsync(server.Admin, "PUT", "/v1.0/a/q/d?ttl=0", "x")).ETag!;
        (await SendAsync(
            server.Admin, "POST", "/v1.0/a/q/d?outcome=dead", null, ("If-Match", dead))).Status.ShouldBe(200);
        await SendAsync(server.Admin, "POST", "/v1.0/a/q/m?hide=0");
        return (await SendAsync(server.Admin, "PUT", "/v1.0/a/q/m?ttl=0&result=60", "x")).ETag!;
    }

    /// <summary>
    /// Sends a request. The relay works in the background, and may write what this request writes: then a request pauses until the clock
    /// moves.
    /// </summary>
    private Task<RawAnswer> SendAsync(
        string? key, string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        server.Time.AdvanceUntilAsync(server.SendAsync(key, method, target, body, headers), TimeSpan.FromMilliseconds(10));

    private Task<RawAnswer> AskAsync(Caller caller, Operation operation, string method) =>
        AskAsync(caller.Key, operation.Target, operation, method);

    private async Task<RawAnswer> AskAsync(string? key, string target, Operation operation, string method)
    {
        var etag = await SetUpAsync();
        var headers = new List<(string, string)> { ("Content-Type", "application/json") };
        if (operation.IfMatch is { } match)
            headers.Add(("If-Match", match == "etag" ? etag : match));
        return await SendAsync(key, method, target, operation.Body?.Replace("{etag}", etag.Replace("\"", "\\\"")), [.. headers]);
    }

    private sealed record Caller(string Name, string? Key)
    {
        public string Account { get; init; } = "a";

        public string Permissions { get; init; } = "";

        public string Scope { get; init; } = "*";

        /// <summary>The status that the caller gets wherever a key is needed. Null if its key is good.</summary>
        public int? Refused { get; init; }
    }

    private sealed record Operation(string Methods, string Target, string Needs)
    {
        public string? Queue { get; init; }

        public string? Id { get; init; }

        public string? Body { get; init; }

        public string? IfMatch { get; init; }

        /// <summary>
        /// After the setup each operation finds what it works on, so it answers 200. Those that make something answer 201.
        /// </summary>
        public int Success =>
            Target.StartsWith("/batch/a/q?", StringComparison.Ordinal)
            || Target is "/keys/a/new" or "/links/a" or "/policies/a/new" or "/readers/a/q/new" or "/producers/a/q/new" or "/relays/a/new"
            ? 201 : 200;
    }
}
