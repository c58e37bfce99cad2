using System.Text.Json.Serialization;

namespace Burrow.Access;

/// <summary>What a link is for, besides its queue and message: they are in the URL, and signed with this.</summary>
/// <param name="Key">The key that it was made with, and is revoked with.</param>
/// <param name="Method">GET (HEAD too), PUT, POST or DELETE.</param>
/// <param name="Expires">Until when, in seconds since 1970.</param>
/// <param name="Parameters">Query parameters: what each must be, or null if it may be anything. No others.</param>
internal sealed record LinkTerms(
    [property: JsonPropertyName("k")] string Key,
    [property: JsonPropertyName("m")] string Method,
    [property: JsonPropertyName("e")] long Expires,
    [property: JsonPropertyName("p")] IReadOnlyDictionary<string, string?> Parameters);
