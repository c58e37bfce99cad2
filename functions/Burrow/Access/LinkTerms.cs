using System.Text.Json.Serialization;

namespace Burrow.Access;

/// <summary>What a link is for, apart from its queue and message. Those are in the URL, and the signature covers them too.</summary>
/// <param name="Key">The key that the link was made with. A revocation of the key revokes the link.</param>
/// <param name="Method">GET (HEAD too), PUT, POST or DELETE.</param>
/// <param name="Expires">When the link expires, in seconds since 1970.</param>
/// <param name="Parameters">
/// The allowed query parameters: the value that each must have, or null for any value. No others are allowed.
/// </param>
internal sealed record LinkTerms(
    [property: JsonPropertyName("k")] string Key,
    [property: JsonPropertyName("m")] string Method,
    [property: JsonPropertyName("e")] long Expires,
    [property: JsonPropertyName("p")] IReadOnlyDictionary<string, string?> Parameters);
