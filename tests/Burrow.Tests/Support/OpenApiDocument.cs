using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Burrow.Tests.Support;

/// <summary>The OpenAPI document as tests query it: what it contains, and whether a response matches it.</summary>
internal sealed class OpenApiDocument
{
    /// <summary>The document that is served.</summary>
    public static readonly OpenApiDocument Served = new(ReadServed());

    private const string Components = "#/components/schemas/";

    private readonly ConcurrentDictionary<string, JsonSchema> schemas = [];
    private readonly List<(string[] Segments, Dictionary<string, OpenApiOperation> Operations)> paths;
    private readonly OpenApiResponse refused;
    private readonly OpenApiResponse problem;

    public OpenApiDocument(string text)
    {
        Root = JsonElement.Parse(text);
        paths = [.. Root.GetProperty("paths").EnumerateObject().Select(path => (Split(path.Name), OperationsOf(path)))];
        var responses = Root.GetProperty("components").GetProperty("responses");
        refused = new(this, responses.GetProperty("MethodNotAllowed"));
        problem = new(this, responses.GetProperty("NotFound"));
    }

    public JsonElement Root { get; }

    public IEnumerable<OpenApiOperation> Operations => paths.SelectMany(path => path.Operations.Values);

    /// <summary>What a reference refers to, or the value itself if it is no reference.</summary>
    public JsonElement Resolve(JsonElement value) => value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("$ref", out var reference)
        ? reference.GetString()!.Split('/')
            .Skip(1)
            .Aggregate(Root, (at, name) => at.GetProperty(name.Replace("~1", "/").Replace("~0", "~")))
        : value;

    /// <summary>The schema with all schemas that it may refer to. Each is built once.</summary>
    public JsonSchema SchemaOf(JsonElement schema) => schemas.GetOrAdd(schema.GetRawText(), text =>
    {
        var whole = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["allOf"] = new JsonArray(JsonNode.Parse(text)),
            ["$defs"] = JsonNode.Parse(Root.GetProperty("components").GetProperty("schemas").GetRawText()),
        };
        return JsonSchema.FromText(whole.ToJsonString().Replace(Components, "#/$defs/"), new BuildOptions { SchemaRegistry = new() });
    });

    /// <summary>How the response to a request differs from the document; null if it does not.</summary>
    public string? Contradiction(string method, string target, RawAnswer answer)
    {
        // The local process refuses the request before any function runs. It does the same with requests from pages of other
        // origins.
        if (answer.Status == 421)
            return problem.Contradiction(method, target, false, answer);
        if (Find(target) is not { } operations)
            return answer.Status is 400 or 404 ? problem.Contradiction(method, target, false, answer) : "There is no such path.";
        if (operations.TryGetValue(method, out var operation))
        {
            return operation.Responses.TryGetValue(answer.Status, out var response)
                ? response.Contradiction(method, target, operation.ShowsNothing(target), answer)
                : "This status isn't documented.";
        }

        return answer.Status switch
        {
            405 when answer.Headers.GetValueOrDefault("Allow")?.Split(", ").ToHashSet().SetEquals(
                operations.Keys) != true => "Other methods are documented.",
            405 => refused.Contradiction(method, target, false, answer),
            400 or 404 => problem.Contradiction(method, target, false, answer),
            403 when answer.Text.Contains(
                "foreign-origin", StringComparison.Ordinal) => problem.Contradiction(method, target, false, answer),
            200 when method == "OPTIONS" && answer.Headers.ContainsKey("Access-Control-Allow-Origin") => null,
            _ => "There is no such operation.",
        };
    }

    private static string ReadServed()
    {
        using var reader = new StreamReader(typeof(BurrowServices).Assembly.GetManifestResourceStream("openapi.json")!);
        return reader.ReadToEnd();
    }

    private static string[] Split(string path) => path == "/" ? [] : path[1..].Split('/');

    /// <summary>The operations of a target as the client sent it, by method; null if there is no such path.</summary>
    private Dictionary<string, OpenApiOperation>? Find(string target)
    {
        var path = target.Split('?')[0];
        if (path.IndexOf("://", StringComparison.Ordinal) is var scheme and > 0)
            path = path.IndexOf('/', scheme + 3) is var slash and > 0 ? path[slash..] : "/";
        if (!path.StartsWith('/'))
            return null;
        var segments = Split(path);
        return paths.Find(candidate => candidate.Segments.Length == segments.Length && candidate.Segments.Zip(segments).All(
            pair => pair.First.StartsWith('{') ? pair.Second.Length > 0 : pair.First == Uri.UnescapeDataString(pair.Second))).Operations;
    }

    private Dictionary<string, OpenApiOperation> OperationsOf(JsonProperty path)
    {
        var shared = Parameters(path.Value);
        return path.Value.EnumerateObject().Where(member => member.Name != "parameters").ToDictionary(
            member => member.Name.ToUpperInvariant(),
            member => new OpenApiOperation(
                member.Name.ToUpperInvariant(),
                path.Name,
                member.Value,
                [.. shared, .. Parameters(member.Value)],
                member.Value.GetProperty("responses").EnumerateObject().ToDictionary(
                    response => int.Parse(response.Name, System.Globalization.CultureInfo.InvariantCulture),
                    response => new OpenApiResponse(this, Resolve(response.Value)))));
    }

    private List<JsonElement> Parameters(JsonElement json) =>
        json.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray().Select(Resolve)] : [];
}
