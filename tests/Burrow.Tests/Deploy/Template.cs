using System.Text.Json;
using System.Text.RegularExpressions;

namespace Burrow.Tests.Deploy;

/// <summary>A compiled template with its nested templates, one for each module.</summary>
/// <param name="Name">The deployment's name; empty for the outermost.</param>
/// <param name="Json">The template.</param>
/// <param name="Arguments">The values of the module's parameters, as expressions of the outermost template.</param>
internal sealed partial record Template(string Name, JsonElement Json, IReadOnlyDictionary<string, string> Arguments)
{
    public const string Deployment = "Microsoft.Resources/deployments";

    public static Template Read(string file) =>
        new("", JsonDocument.Parse(File.ReadAllText(file)).RootElement, new Dictionary<string, string>());

    /// <summary>This template, and all templates nested in it.</summary>
    public IEnumerable<Template> All =>
        Own().Where(resource => resource.Type == Deployment).SelectMany(resource => Nested(resource).All).Prepend(this);

    /// <summary>All resources of a type, in all templates.</summary>
    public IReadOnlyList<TemplateResource> Each(string type) =>
        [
            .. All.SelectMany(template => template.Own()).Where(
                resource => string.Equals(resource.Type, type, StringComparison.OrdinalIgnoreCase))];

    public IEnumerable<JsonProperty> Parameters => Members("parameters");

    public IEnumerable<JsonProperty> Outputs => Members("outputs");

    /// <summary>The value that a nested deployment gets for a parameter.</summary>
    public JsonElement Argument(string deployment, string parameter) =>
        Own().Single(resource => resource.Name == deployment).Json.GetProperty("properties")
            .GetProperty("parameters")
            .GetProperty(parameter)
            .GetProperty("value");

    /// <summary>A value as an expression of the outermost template. A value that is no expression is returned as it is.</summary>
    public string Resolve(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.StartsWith('[') && text.EndsWith(']') ? Inline(text[1..^1]) : text;
    }

    /// <summary>The resources that this template itself makes, without those that it only looks up.</summary>
    private IEnumerable<TemplateResource> Own()
    {
        var resources = Json.GetProperty("resources");
        var all = resources.ValueKind == JsonValueKind.Array
            ? resources.EnumerateArray()
            : resources.EnumerateObject().Select(named => named.Value);
        return all.Where(
            one => !one.TryGetProperty("existing", out var existing)
                || !existing.GetBoolean()).Select(one => new TemplateResource(this, one));
    }

    private Template Nested(TemplateResource deployment)
    {
        var properties = deployment.Json.GetProperty("properties");
        var arguments = properties.TryGetProperty("parameters", out var given)
            ? given.EnumerateObject().ToDictionary(one => one.Name, one => ArgumentOf(one.Value.GetProperty("value")))
            : [];
        return new(deployment.Name, properties.GetProperty("template"), arguments);
    }

    /// <summary>The value as it stands in an expression: text is in quotes.</summary>
    private string ArgumentOf(JsonElement value)
    {
        var resolved = Resolve(value);
        return value.ValueKind == JsonValueKind.String && !value.GetString()!.StartsWith('[') ? $"'{resolved}'" : resolved;
    }

    private string Inline(string expression)
    {
        var inlined = Variable().Replace(expression, match =>
            Json.TryGetProperty("variables", out var variables) && variables.TryGetProperty(match.Groups[1].Value, out var value)
                ? ArgumentOf(value)
                : match.Value);
        return Parameter().Replace(inlined, match => Arguments.GetValueOrDefault(match.Groups[1].Value, match.Value));
    }

    private IEnumerable<JsonProperty> Members(string name) => Json.TryGetProperty(name, out var members) ? members.EnumerateObject() : [];

    [GeneratedRegex(@"variables\('(\w+)'\)")]
    private static partial Regex Variable();

    [GeneratedRegex(@"parameters\('(\w+)'\)")]
    private static partial Regex Parameter();
}

/// <summary>A resource of a template.</summary>
/// <param name="Template">The template that makes it.</param>
/// <param name="Json">The JSON of the resource.</param>
internal sealed record TemplateResource(Template Template, JsonElement Json)
{
    public string Type => Json.GetProperty("type").GetString()!;

    public string Name => Template.Resolve(Json.GetProperty("name"));

    /// <summary>The value at a path of names separated by dots. Null if there is none.</summary>
    public string? this[string path]
    {
        get
        {
            var value = Json;
            foreach (var name in path.Split('.'))
            {
                if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                    return null;
            }

            return Template.Resolve(value);
        }
    }
}
