using System.Text.Json;

namespace Burrow.Tests.Support;

/// <summary>One operation of the document.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, with names in braces.</param>
/// <param name="Json">All that is said of it.</param>
/// <param name="Parameters">Its parameters and those of its path, none of them a reference.</param>
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

    /// <summary>Whether a request wants to be shown nothing: it says so, or doesn't say, and that is what it gets then.</summary>
    public bool ShowsNothing(string target) => detail is not null && (OpenApiResponse.DetailOf(target) ?? detail) == "none";
}
