using System.Text;
using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>
/// The OpenAPI document is valid, complete and true. <see cref="AnswerAssertions.ShouldBeDocumented"/> checks every answer that tests
/// get against the document.
/// </summary>
public sealed class OpenApiTests
{
    private const string Everything = "send receive read delete subscribe manage relay";

    /// <summary>
    /// Statuses that a test cannot cause from outside, or not at will: a slow client, storage that fails, a fault of Burrow. 501
    /// is for a service without events (FunctionAppTests).
    /// </summary>
    private static readonly int[] NotAtWill = [408, 500, 501, 503];

    private static OpenApiDocument Document => OpenApiDocument.Served;

    private static readonly string DocumentPath = Path.Combine(Repository.Root, "functions", "Burrow", "Http", "Service", "openapi.json");

    [Fact]
    public async Task It_is_valid_OpenAPI_3_1_says_an_independent_validator()
    {
        var validator = await Azurite.WithNodeAsync(() => NodePackages.InstallAsync("@seriousme/openapi-schema-validator"));
        var program = Path.Combine(validator, "bin", "validate-api-cli.js");
        await Commands.RunAsync("node", $"\"{program}\" \"{DocumentPath}\"", Repository.Root);
        Document.Root.GetProperty("openapi").GetString()!.ShouldStartWith("3.1.");
    }

    [Fact]
    public async Task It_is_served_as_it_stands_in_the_repository()
    {
        await using var server = await AccessServer.StartAsync();
        var answer = await server.SendAsync(null, "GET", "/openapi.json");
        answer.ShouldBeBytes(
            await File.ReadAllBytesAsync(
                DocumentPath,
                TestContext.Current.CancellationToken),
            "application/json");
    }

    [Fact]
    public void Its_operations_are_the_routes_and_methods_of_the_triggers()
    {
        Document.Operations.Select(operation => $"{operation.Method} {operation.Path}")
            .Order(StringComparer.Ordinal)
            .ShouldBe(DeclaredOperations.All.Order(StringComparer.Ordinal));
        Document.Operations.Select(operation => operation.Json.GetProperty("operationId").GetString()).ShouldBeUnique();
    }

    [Fact]
    public void The_reference_shows_the_same_operations()
    {
        string[] columns = ["GET HEAD", "PUT", "POST", "DELETE"];
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "reference", "api.md"))
            .Where(line => line.StartsWith("| `/", StringComparison.Ordinal))
            .Select(line => line.Split('|'))
            .ToList();
        var shown =
            from row in rows
            from column in Enumerable.Range(0, columns.Length)
            where row[column + 2].Trim().Length > 0
            from method in columns[column].Split(' ')
            select $"{method} {row[1].Trim(' ', '`')}";

        shown.Order(StringComparer.Ordinal).ShouldBe(
            Document.Operations.Select(operation => $"{operation.Method} {operation.Path}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_reference_leads_somewhere_and_every_component_is_used()
    {
        var references = Objects(Document.Root).Where(value => value.TryGetProperty("$ref", out _)).ToList();
        foreach (var reference in references)
            Should.NotThrow(() => Document.Resolve(reference), reference.GetRawText());
        var used = references.Select(reference => reference.GetProperty("$ref").GetString()!).ToHashSet();
        // No operation answers 405. It is for methods that have no operation.
        used.Add("#/components/responses/MethodNotAllowed");
        foreach (var kind in Document.Root.GetProperty("components").EnumerateObject().Where(kind => kind.Name != "securitySchemes"))
        {
            kind.Value.EnumerateObject()
                .Select(component => $"#/components/{kind.Name}/{component.Name}")
                .Where(name => !used.Contains(name))
                .ShouldBeEmpty();
        }
    }

    [Fact]
    public void Every_example_is_valid()
    {
        var examples = 0;
        foreach (var value in Objects(Document.Root).Where(value => value.TryGetProperty("schema", out _)))
        {
            var schema = Document.SchemaOf(value.GetProperty("schema"));
            foreach (var example in Examples(value))
            {
                schema.Evaluate(example).IsValid.ShouldBeTrue(example.GetRawText());
                examples++;
            }
        }

        examples.ShouldBeGreaterThan(70);
        var item = Document.SchemaOf(JsonElement.Parse("""{"$ref":"#/components/schemas/BatchItem"}"""));
        foreach (var line in Lines(Document.Operations.Single(operation => operation.Path.StartsWith("/batch", StringComparison.Ordinal))))
            item.Evaluate(JsonElement.Parse(line)).IsValid.ShouldBeTrue(line);

        static string[] Lines(OpenApiOperation batch) =>
            Contents(batch.Json.GetProperty("requestBody")).Single(
                content => content.Name == "application/x-ndjson").Value.GetProperty("example").GetString()!.Split(
                    '\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void Every_request_body_and_every_successful_answer_has_an_example()
    {
        foreach (var operation in Document.Operations)
        {
            var bodies = operation.Json.GetProperty("responses")
                .EnumerateObject()
                .Where(response => response.Name[0] == '2')
                .Select(response => Document.Resolve(response.Value))
                .ToList();
            if (operation.Json.TryGetProperty("requestBody", out var request))
                bodies.Add(request);
            foreach (var content in bodies.SelectMany(Contents))
                Examples(content.Value).ShouldNotBeEmpty($"{operation.Method} {operation.Path} {content.Name}");
            operation.Json.GetProperty("summary").GetString().ShouldNotBeNullOrEmpty();
            operation.Json.GetProperty("description").GetString()!.ShouldEndWith(".");
        }
    }

    [Fact]
    public async Task Every_operation_does_what_its_examples_ask_for()
    {
        await using var server = await StartAsync();
        foreach (var operation in Document.Operations)
        {
            foreach (var (query, headers, body) in Requests(operation))
            {
                // A key is made once, and the priority of a message never changes.
                var isNew = (operation.Path.StartsWith("/keys", StringComparison.Ordinal) && operation.Method == "PUT")
                    || query.StartsWith("?priority", StringComparison.Ordinal);
                var receipts = await SetUpAsync(server, isNew, operation.Path.StartsWith("/dead", StringComparison.Ordinal));
                var target = TargetOf(operation) + query;
                (string, string)[] all = query.Contains("outcome=") || IsProgress(operation)
                    ? [.. headers.Where(header => header.Item1 != "If-Match"), ("If-Match", receipts["order-17"])]
                    : headers;
                var asked = body?.Replace("\\\"hm3vqkx2\\\"", receipts["order-16"].Replace("\"", "\\\""));
                var answer = await server.SendAsync(server.Admin, operation.Method, target, asked, all);
                answer.Status.ShouldBeInRange(200, 299, $"{operation.Method} {target} {answer.Text}");
                if (operation.Path.StartsWith("/batch", StringComparison.Ordinal))
                {
                    // The put of the example has no number.
                    answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32()).ShouldBe(
                        [query.Contains("producer=") ? 400 : 201, 200, 200, 200]);
                }

            }
        }
    }

    [Fact]
    public async Task Every_documented_status_occurs_except_those_that_a_test_cannot_cause()
    {
        await using var server = await StartAsync();
        var elsewhere = await server.MakeKeyAsync("all", Everything, account: "elsewhere");
        var subscriber = await server.MakeKeyAsync("subscriber", "subscribe", account: "shop");
        var sender = await server.MakeKeyAsync("sender", "send", account: "shop");
        var number = 0;
        foreach (var operation in Document.Operations)
        {
            var seen = new HashSet<int>();
            var isPublic = operation.Json.TryGetProperty("security", out var security) && security.GetArrayLength() == 0;
            var (target, body) = (TargetOf(operation), Requests(operation).First().Body);
            var type = ("Content-Type", operation.Path.StartsWith("/batch", StringComparison.Ordinal) ? "application/json" : "text/plain");

            var isDead = operation.Path.StartsWith("/dead", StringComparison.Ordinal);
            await SetUpAsync(server, isNew: true, isDead);
            await AskAsync(server.Admin, target.Replace("kitchen", "new-kitchen"), type);
            var receipts = await SetUpAsync(server, isNew: false, isDead);
            foreach (var headers in HeadersOf(operation, receipts))
                await AskAsync(server.Admin, target, [type, .. headers]);
            foreach (var kind in (string[])["policies", "relays"])
                await AskAsync(server.Admin, target.Replace($"/{kind}/shop/orders", $"/{kind}/shop/others"), type);
            await AskAsync(server.Admin, target.Replace("/till-4", "/till-9"), type);
            if (!isPublic)
            {
                var slow = $"slow-{number++}";
                (await server.SendAsync(server.Admin, "PUT", $"/limits/{slow}", """{"requestsPerSecond":1}""")).Status.ShouldBe(200);
                var impatient = await server.MakeKeyAsync("impatient", Everything, account: slow);
                await server.SendAsync(impatient, "GET", $"/v1.0/{slow}");
                await server.SendAsync(impatient, "GET", $"/limits/{slow}");

                await AskAsync(null, target, type);
                await AskAsync(operation.Path.StartsWith("/subscriptions", StringComparison.Ordinal) ? sender : subscriber, target, type);
                await AskAsync(elsewhere, target, type);
                await AskAsync(impatient, target.Replace("shop", slow), type);
                await AskAsync(server.Admin, target.Replace("shop", "%FF"), type);
                await AskAsync(server.Admin, target, type, ("If-Match", "\"not-its-receipt\""));
                await SetUpAsync(server, isNew: false, isDead);
                await AskAsync(server.Admin, target, type, ("If-None-Match", "*"));
                foreach (var one in WithParameters(target, operation))
                {
                    await AskAsync(server.Admin, one, type);
                    await AskAsync(server.Admin, one, type, ("Content-Encoding", "gzip"));
                    await AskAsync(server.Admin, one, type, ("Content-Length", $"{HttpLimits.BatchBytes + 1}"));
                }

                await server.SendAsync(server.Admin, "PUT", "/limits/shop", """{"messages":0,"subscriptions":0}""");
                if (target == "/v1.0")
                    await server.SendAsync(server.Admin, "DELETE", target);
                // The cached limits of the account are now as old as they may be.
                server.Time.Advance(AccessLimits.AccessFreshness);
                await AskAsync(server.Admin, target.Replace("order-17", "order-19").Replace("kitchen", "another"), type);
                await server.SendAsync(server.Admin, "DELETE", "/limits/shop");
                server.Time.Advance(AccessLimits.AccessFreshness);
            }

            operation.Responses.Keys.Except(NotAtWillOf(operation)).Except(seen).ShouldBeEmpty($"{operation.Method} {operation.Path}");

            async Task AskAsync(string? key, string target, params (string Name, string Value)[] headers)
            {
                await using var http = await RawHttp.ConnectAsync(server.Server.Address);
                if (key is not null)
                    headers = [("Authorization", $"Bearer {key}"), .. headers];
                var sent = target.Contains("outcome=done") ? "a result" : body;
                var declared = headers.Any(header => header.Name == "Content-Length");
                var answer = await http.SendAsync(
                    operation.Method, target, sent is null || declared ? null : Encoding.UTF8.GetBytes(sent), headers);
                answer.ShouldBeDocumented(operation.Method, target);
                seen.Add(answer.Status);
            }
        }
    }

    /// <summary>The target alone, and with those parameters that lead to statuses of their own.</summary>
    private static string[] WithParameters(string target, OpenApiOperation operation) =>
        operation.Path switch
        {
            "/v1.0/{account}/{queue}/{message}" =>
                [target, $"{target}?outcome=done", $"{target}?outcome=failed", $"{target}?priority=3"],
            "/batch/{account}/{queue}" => [target, $"{target}?producer=till-5&epoch=0&previous=0"],
            _ => [target],
        };

    /// <summary>What a parameter needs beside it.</summary>
    private static string CompanionsOf(OpenApiOperation operation, string parameter)
    {
        var number = operation.Path.StartsWith("/batch", StringComparison.Ordinal) ? "" : "number=17&";
        return parameter switch
        {
            "cause" => "outcome=failed&",
            "producer" => $"{number}epoch=1&",
            "number" => "producer=till-5&epoch=1&",
            "epoch" => $"producer=till-5&{number}",
            "previous" => $"producer=till-5&{number}epoch=1&",
            _ => "",
        };
    }

    /// <summary>What a request has besides its type. Progress is refused without a receipt before it is looked at.</summary>
    private static (string, string)[][] HeadersOf(OpenApiOperation operation, Dictionary<string, string> receipts)
    {
        if (!IsProgress(operation))
            return [[]];
        var receipt = ("If-Match", receipts["order-17"]);
        return [[receipt], [receipt, ("Content-Encoding", "gzip")], [receipt, ("Content-Length", $"{HttpLimits.BatchBytes + 1}")]];
    }

    private static bool IsProgress(OpenApiOperation operation) =>
        operation.Method == "PUT" && operation.Path.StartsWith("/results", StringComparison.Ordinal);

    /// <summary>507 is for an account's 1,001st key, 101st policy and 21st relay, and for a queue's 1,001st reader.</summary>
    private static int[] NotAtWillOf(OpenApiOperation operation) =>
        operation.Path.Split('/')[1] is "keys" or "policies" or "relays" or "readers" && operation.Method == "PUT"
            ? [.. NotAtWill, 507] : NotAtWill;

    /// <summary>
    /// Starts a server whose Event Grid does not exist, so the endpoints in the examples are not called. The host of the relay in the
    /// examples does not exist, either.
    /// </summary>
    private static Task<AccessServer> StartAsync() =>
        AccessServer.StartAsync(configure: options =>
        {
            options.Events.Domain = new Uri("http://localhost/nowhere");
            options.Relays.AllowedHosts = "burrow.example.org";
        });

    /// <summary>
    /// Stores what the examples work on. If <paramref name="isNew"/> is true, it leaves out the key and the message that they make. If
    /// <paramref name="isDead"/> is true, the messages are dead.
    /// </summary>
    /// <returns>The receipts of the messages.</returns>
    private static async Task<Dictionary<string, string>> SetUpAsync(AccessServer server, bool isNew, bool isDead)
    {
        var receipts = new Dictionary<string, string>();
        foreach (var id in (string[])["order-18", "order-19"])
            (await server.SendAsync(server.Admin, "DELETE", $"/v1.0/shop/orders/{id}")).Status.ShouldBeOneOf(200, 404);
        foreach (var id in (string[])["order-9", "order-16", "order-17"])
        {
            // A producer whose numbers up to 16 are stored.
            if (id == "order-9")
                await server.SendAsync(server.Admin, "PUT", $"/v1.0/shop/orders/{id}?producer=till-5&number=16&epoch=1", "two pizzas");
            // The group of a message never changes.
            var group = id == "order-17" ? "&group=customer-7&result=60" : "";
            if (group.Length > 0)
                await server.SendAsync(server.Admin, "DELETE", $"/v1.0/shop/orders/{id}");
            var put = await server.SendAsync(server.Admin, "PUT", $"/v1.0/shop/orders/{id}?ttl=0{group}", "two pizzas");
            put.Status.ShouldBeOneOf(200, 201);
            receipts[id] = put.Headers["ETag"];
            // With progress there, a request that waits for the result is answered at once.
            if (id == "order-17")
            {
                (await server.SendAsync(server.Admin, "PUT", $"/results/shop/orders/{id}", "half", ("If-Match", receipts[id])))
                    .Status.ShouldBe(200);
            }

            if (isDead)
            {
                (await server.SendAsync(
                    server.Admin, "POST", $"/v1.0/shop/orders/{id}?outcome=dead", null, ("If-Match", receipts[id]))).Status.ShouldBe(200);
            }
        }

        await server.SendAsync(server.Admin, "DELETE", "/keys/shop/workers");
        await server.SendAsync(server.Admin, "DELETE", "/policies/shop/others");
        await server.SendAsync(server.Admin, "DELETE", "/relays/shop/others");
        if (isNew)
        {
            await server.SendAsync(server.Admin, "DELETE", "/v1.0/shop/orders/order-17");
            await server.SendAsync(server.Admin, "DELETE", "/policies/shop/orders");
            await server.SendAsync(server.Admin, "DELETE", "/relays/shop/orders");
            await server.SendAsync(server.Admin, "DELETE", "/readers/shop/orders/billing");
            await server.SendAsync(server.Admin, "DELETE", "/producers/shop/orders/till-4");
        }
        else
        {
            await server.MakeKeyAsync("workers", "receive", account: "shop");
            (await server.SendAsync(
                server.Admin,
                "PUT",
                "/subscriptions/shop/kitchen",
                """{"endpoint":"https://kitchen.example.com"}""")).Status.ShouldBeOneOf(200, 201);
            (await server.SendAsync(
                server.Admin, "PUT", "/policies/shop/orders", """{"queues":"orders*"}""")).Status.ShouldBeOneOf(200, 201);
            (await server.SendAsync(
                server.Admin,
                "PUT",
                "/relays/shop/orders",
                """{"queues":"orders*","to":"https://burrow.example.org"}""")).Status.ShouldBeOneOf(200, 201);
            (await server.SendAsync(
                server.Admin, "PUT", "/readers/shop/orders/billing", """{"after":"0000000000000001"}""")).Status.ShouldBeOneOf(200, 201);
            (await server.SendAsync(
                server.Admin, "PUT", "/producers/shop/orders/till-4", """{"epoch":1}""")).Status.ShouldBeOneOf(200, 201);
            await server.SendAsync(server.Admin, "PUT", "/producers/shop/orders/till-9", """{"epoch":9}""");
        }

        return receipts;
    }

    private static string TargetOf(OpenApiOperation operation) => operation.Parameters
        .Where(parameter => parameter.GetProperty("in").GetString() == "path")
        .Aggregate(
            operation.Path,
            (path, parameter) => path.Replace(
                $"{{{parameter.GetProperty("name").GetString()}}}", parameter.GetProperty("example").GetString()));

    /// <summary>The requests of the document's examples: the path alone, each parameter alone, and each body.</summary>
    private static IEnumerable<(string Query, (string, string)[] Headers, string? Body)> Requests(OpenApiOperation operation)
    {
        var bodies = operation.Json.TryGetProperty("requestBody", out var request)
            ? Contents(request).Select(content => (Type: content.Name, Body: (string?)Text(Examples(content.Value).First()))).ToList()
            : [("*/*", null)];
        foreach (var (type, body) in bodies)
            yield return ("", TypeOf(type), body);
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.TryGetProperty("example", out _)))
        {
            var (name, value) = (parameter.GetProperty("name").GetString()!, Text(parameter.GetProperty("example")));
            if (parameter.GetProperty("in").GetString() == "query")
            {
                var query = $"?{CompanionsOf(operation, name)}{name}={Uri.EscapeDataString(value)}";
                yield return (query, TypeOf(bodies[0].Type), bodies[0].Body);
            }
            else if (parameter.GetProperty("in").GetString() == "header")
            {
                yield return ("", [.. TypeOf(bodies[0].Type), (name, value)], bodies[0].Body);
            }
        }

        static (string, string)[] TypeOf(string type) => type == "*/*" ? [] : [("Content-Type", type)];

        static string Text(JsonElement example) => example.ValueKind == JsonValueKind.String ? example.GetString()! : example.GetRawText();
    }

    private static IEnumerable<JsonProperty> Contents(JsonElement body) =>
        body.TryGetProperty("content", out var content) ? content.EnumerateObject() : [];

    private static IEnumerable<JsonElement> Examples(JsonElement value)
    {
        if (value.TryGetProperty("example", out var example))
            yield return example;
        if (value.TryGetProperty("examples", out var examples))
        {
            foreach (var named in examples.EnumerateObject())
                yield return named.Value.GetProperty("value");
        }
    }

    /// <summary>Every object within a value, and the value itself, without the objects in examples.</summary>
    private static IEnumerable<JsonElement> Objects(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject()
            .Where(member => member.Name is not ("example" or "examples"))
            .SelectMany(member => Objects(member.Value))
            .Prepend(value),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Objects),
        _ => [],
    };
}
