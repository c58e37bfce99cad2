using System.Globalization;
using System.Text.Json;
using Json.Schema;
using Microsoft.AspNetCore.WebUtilities;

namespace Burrow.Tests.Support;

/// <summary>What the document says about responses with one status.</summary>
internal sealed class OpenApiResponse
{
    /// <summary>Headers that the document describes once for all responses, or that the host adds, or that are for browsers.</summary>
    private static readonly HashSet<string> Everywhere = new(
        [
            "Date", "Content-Type", "X-Content-Type-Options", "Cache-Control", "Content-Security-Policy", "Cross-Origin-Resource-Policy",
            "Vary", "Connection",
        ],
        StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, (bool IsRequired, bool IsNumber, JsonSchema Schema)> headers = new(
        StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, JsonSchema?> content = [];

    public OpenApiResponse(OpenApiDocument document, JsonElement response)
    {
        if (response.TryGetProperty("headers", out var documented))
        {
            foreach (var member in documented.EnumerateObject())
            {
                var header = document.Resolve(member.Value);
                var schema = header.GetProperty("schema");
                headers[member.Name] = (
                    header.TryGetProperty("required", out var required) && required.GetBoolean(),
                    schema.TryGetProperty("type", out var type) && type.GetString() == "integer",
                    document.SchemaOf(schema));
            }
        }

        if (response.TryGetProperty("content", out var types))
        {
            foreach (var type in types.EnumerateObject())
            {
                content[type.Name] = type.Name.EndsWith("json", StringComparison.Ordinal)
                    ? document.SchemaOf(type.Value.GetProperty("schema"))
                    : null;
            }
        }
    }

    /// <summary>How a response differs from the document; null if it does not.</summary>
    public string? Contradiction(string method, string target, bool showsNothing, RawAnswer answer) =>
        OfHeaders(answer) ?? OfBody(method, target, showsNothing, answer);

    private string? OfHeaders(RawAnswer answer)
    {
        foreach (var (name, (isRequired, isNumber, schema)) in headers)
        {
            if (!answer.Headers.TryGetValue(name, out var value))
            {
                if (isRequired)
                    return $"The header {name} is missing.";
            }
            else if (isNumber && !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                return $"The header {name} is no number: {value}";
            }
            else if (!schema.Evaluate(isNumber ? JsonElement.Parse(value) : JsonSerializer.SerializeToElement(value)).IsValid)
            {
                return $"The header {name} isn't as documented: {value}";
            }
        }

        var unknown = answer.Headers.Keys.Where(
            name => !headers.ContainsKey(name)
                && !Everywhere.Contains(name)
                && !name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase)).ToList();
        return unknown.Count == 0 ? null : $"Undocumented headers: {string.Join(", ", unknown)}";
    }

    private string? OfBody(string method, string target, bool showsNothing, RawAnswer answer)
    {
        if (answer.ContentType is not { } type)
        {
            return answer.Body.Length > 0 ? "There is a body without a type."
                : content.Count > 0 && !(showsNothing && answer.Headers["Content-Length"] == "0") ? "The body is missing."
                : null;
        }

        if (showsNothing && answer.Status < 300)
            return "Nothing was to be shown.";

        // A response that is a message's body, or a result, has the content type that it was put with.
        if (content.ContainsKey("*/*") && (DetailOf(target) == "body" || target.StartsWith("/results/", StringComparison.Ordinal)))
            return null;
        if (!content.TryGetValue(type, out var schema))
            return $"{type} isn't documented; {(content.Count == 0 ? "nothing is" : string.Join(", ", content.Keys))}.";
        if (schema is null || method == "HEAD")
            return null;
        return schema.Evaluate(answer.Json).IsValid
            ? null
            : $"The body isn't as documented: {answer.Text[..Math.Min(answer.Text.Length, 2000)]}";
    }

    /// <summary>The <c>detail</c> that a request asks for; null if it has none.</summary>
    public static string? DetailOf(string target) =>
        target.IndexOf('?') is var query and >= 0 && QueryHelpers.ParseQuery(target[query..]).TryGetValue("detail", out var detail)
            ? detail[^1]
            : null;
}
