using System.Text.RegularExpressions;

namespace Burrow.Events.Subscriptions;

/// <summary>
/// The query of an endpoint, which often is its secret (<c>?code=…</c>). It is stored encrypted, and shown as <c>***</c>.
/// </summary>
internal static partial class EndpointQuery
{
    private const string Mask = "***";

    /// <summary>The shortest text that is taken for a secret wherever it stands. A shorter one also occurs by chance.</summary>
    private const int MinSecret = 4;

    /// <summary>An endpoint's query, without its question mark; null if it has none, or if that is masked.</summary>
    public static string? Of(Uri endpoint) => Split(endpoint) is [_, not Mask and var query] ? query : null;

    /// <summary>Whether an endpoint has a query that is masked.</summary>
    public static bool IsMasked(Uri endpoint) => Split(endpoint) is [_, Mask];

    /// <summary>An endpoint as it is shown: if it has a query, that is masked.</summary>
    public static Uri Masked(Uri endpoint) => Of(endpoint) is null ? endpoint : new($"{Split(endpoint)[0]}?{Mask}");

    /// <summary>
    /// A text of another service as it is shown: without the query of any URL, and without the endpoint's query, its parts and their
    /// values, in any encoding that a URL may have.
    /// </summary>
    public static string MaskIn(string text, Uri endpoint)
    {
        text = QueryOfUrl().Replace(text, "$1" + Mask);
        if (Of(endpoint) is not { } query)
            return text;
        var parts = query.Split('&', ';');
        var secrets = parts.Append(query).Concat(parts.Select(part => part[(part.IndexOf('=') + 1)..]))
            .SelectMany(secret => new[]
            {
                secret,
                Uri.UnescapeDataString(secret),
                Uri.UnescapeDataString(secret.Replace('+', ' ')),
                Uri.EscapeDataString(secret),
            })
            .Where(secret => secret.Length >= MinSecret || secret.IndexOf('=') > 0)
            .Distinct()
            .OrderByDescending(secret => secret.Length);
        return secrets.Aggregate(text, (masked, secret) => masked.Replace(secret, Mask, StringComparison.OrdinalIgnoreCase));
    }

    private static string[] Split(Uri endpoint) => endpoint.OriginalString.Split('?', 2);

    [GeneratedRegex("""(https?://[^\s?"'<>]*\?)[^\s"'<>]+""", RegexOptions.IgnoreCase)]
    private static partial Regex QueryOfUrl();
}
