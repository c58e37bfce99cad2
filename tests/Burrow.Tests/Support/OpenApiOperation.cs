using System.Text.Json;

namespace Burrow.Tests.Support;

/// <summary>One operation of the document.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, with names in braces.</param>
/// <param name="Json">All that is said of it.</param>
/// <param name="Parameters">Its parameters and those of its path, none of them a reference.</param>
/// <param name="Responses">Its responses by status.</param>
internal sealed record OpenApiOperation(
    string Method, string Path, JsonElement Json, IReadOnlyList<JsonElement> Parameters, IReadOnlyDictionary<int, OpenApiResponse> Responses)
{
    /// <summary>Whether requests say how much they want to be shown, which may be nothing.</summary>
    public bool MayShowNothing { get; } = Parameters.Any(parameter => parameter.GetProperty("name").GetString() == "detail");
}
