using Burrow.Access;
using Burrow.Events.Model;
using Burrow.Events.Signing;

namespace Burrow.Events;

/// <summary>Checks that the settings of events fit together.</summary>
internal static class EventsRules
{
    /// <summary>The errors in the settings, as texts. Empty if there is none.</summary>
    public static IEnumerable<string> Errors(EventsOptions events, AccessOptions access)
    {
        if (events.PublicUrl is { } url && (!url.IsAbsoluteUri || url.Scheme is not ("https" or "http")))
            yield return $"Burrow:Events:PublicUrl is '{url}'. It begins with https:// or http://.";
        if (!events.IsOn)
            yield break;
        if (events.Domain is null)
            yield return "Burrow:Events:TopicEndpoint needs Burrow:Events:Domain, the domain's resource at the management endpoint.";
        if (events.SigningKeys is not { Length: > 0 } keys)
            yield return "Burrow:Events:TopicEndpoint needs Burrow:Events:SigningKeys, that events are signed with.";
        else if (!SigningKeyPem.IsValid(keys))
            yield return "Burrow:Events:SigningKeys are private keys on the curve P-256, as PEM (PKCS#8).";
        if (access.Secret is null)
            yield return "Burrow:Events:TopicEndpoint needs Burrow:Access:Secret, that subscriptions' secrets are encrypted with.";
        foreach (var uri in new[] { events.TopicEndpoint, events.Domain }.OfType<Uri>().Where(uri => !IsSafe(uri, events.Key)))
            yield return $"'{uri}' is no https address.";
    }

    /// <summary>
    /// Without TLS, others could read the token. So without TLS the process sends only a key, and only to this machine. The local process
    /// does this.
    /// </summary>
    private static bool IsSafe(Uri uri, string? key) => uri.IsAbsoluteUri
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback && key is { Length: > 0 }));
}
