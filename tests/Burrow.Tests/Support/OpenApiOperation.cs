using System.Text.Json;

namespace Burrow.Tests.Support;

/// <summary>One operation of the document.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, with names in braces.</param>
/// <param name="Json">The operation's whole description.</param>
/// <param name="Parameters">Its parameters and those of its path, with all references resolved.</param>
/// <param name="Responses">Its responses by status.</param>
internal sealed record OpenApiOperation(
    string Method,
    string Path,
    JsonElement Json,
    IReadOnlyList<JsonElement> Parameters,
    IReadOnlyDictionary<int, OpenApiResponse> Responses)
{
    private readonly string? detail = Parameters.Where(parameter => parameter.GetProperty("name").GetString() == "detail")
        .Select(parameter => parameter.GetProperty("schema").GetProperty("default").GetString()).SingleOrDefault();

    /// <summary>
    /// Whether a request gets a response without messages: it asks for that with <c>detail</c>, or has no <c>detail</c> and that
    /// is the default.
    /// </summary>
    public bool ShowsNothing(string target) => detail is not null && (OpenApiResponse.DetailOf(target) ?? detail) == "none";
}
