using Burrow.Access;
using Burrow.Events.Subscriptions;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Burrow.Http.Pipeline;

/// <summary>
/// The path of a request, as it was sent: routers resolve dots, ignore a slash at the end and the case of letters, and keep
/// <c>%2F</c> while they decode all else. What a name holds is decided here alone.
/// </summary>
internal static class RequestPath
{
    private const string Version = "v1.0";

    /// <summary>Demands the root.</summary>
    public static void Root(HttpRequest request) => Match(request, []);

    /// <summary>Demands <c>/v1.0</c>.</summary>
    public static void Accounts(HttpRequest request) => Match(request, [Version]);

    /// <summary>The account of <c>/v1.0/{account}</c>.</summary>
    public static AccountName Account(HttpRequest request) => AccountBehind(request, Version);

    /// <summary>The queue of <c>/v1.0/{account}/{queue}</c>.</summary>
    public static QueueAddress Queue(HttpRequest request) => Address(Match(request, [Version, null, null]));

    /// <summary>The queue and the id of <c>/v1.0/{account}/{queue}/{message}</c>.</summary>
    public static (QueueAddress Queue, MessageId Id) Message(HttpRequest request)
    {
        var segments = Match(request, [Version, null, null, null]);
        return (Address(segments), MessageId.Parse(segments[3]));
    }

    /// <summary>The queue of <c>/batch/{account}/{queue}</c>.</summary>
    public static QueueAddress Batch(HttpRequest request) => Address(Match(request, ["batch", null, null]));

    /// <summary>The account of <c>/stats/{account}</c>.</summary>
    public static AccountName AccountStatistics(HttpRequest request) => AccountBehind(request, "stats");

    /// <summary>The queue of <c>/stats/{account}/{queue}</c>.</summary>
    public static QueueAddress QueueStatistics(HttpRequest request) => Address(Match(request, ["stats", null, null]));

    /// <summary>Demands <c>/health</c>.</summary>
    public static void Health(HttpRequest request) => Match(request, ["health"]);

    /// <summary>Demands <c>/health/ready</c>.</summary>
    public static void Ready(HttpRequest request) => Match(request, ["health", "ready"]);

    /// <summary>The account of <c>/subscriptions/{account}</c>.</summary>
    public static AccountName Subscriptions(HttpRequest request) => AccountBehind(request, "subscriptions");

    /// <summary>The account and the name of <c>/subscriptions/{account}/{name}</c>.</summary>
    public static (AccountName Account, SubscriptionName Name) Subscription(HttpRequest request)
    {
        var segments = Match(request, ["subscriptions", null, null]);
        return (AccountName.Parse(segments[1]), SubscriptionName.Parse(segments[2]));
    }

    /// <summary>The account of <c>/keys/{account}</c>.</summary>
    public static AccountName Keys(HttpRequest request) => AccountBehind(request, "keys");

    /// <summary>The account and the name of <c>/keys/{account}/{name}</c>.</summary>
    public static (AccountName Account, KeyName Name) Key(HttpRequest request)
    {
        var segments = Match(request, ["keys", null, null]);
        return (AccountName.Parse(segments[1]), KeyName.Parse(segments[2]));
    }

    /// <summary>The account of <c>/links/{account}</c>.</summary>
    public static AccountName Links(HttpRequest request) => AccountBehind(request, "links");

    /// <summary>The account of <c>/limits/{account}</c>.</summary>
    public static AccountName Limits(HttpRequest request) => AccountBehind(request, "limits");

    /// <summary>Demands <c>/.well-known/jwks.json</c>.</summary>
    public static void SigningKeys(HttpRequest request) => Match(request, [".well-known", "jwks.json"]);

    /// <summary>Demands <c>/openapi.json</c>.</summary>
    public static void OpenApi(HttpRequest request) => Match(request, ["openapi.json"]);

    /// <summary>The account of a path of which it is the last segment, behind these.</summary>
    public static AccountName AccountBehind(HttpRequest request, params ReadOnlySpan<string?> before) => AccountName.Parse(Match(request, [.. before, null])[^1]);

    /// <summary>Demands nothing but that no segment is a dot.</summary>
    public static void Nowhere(HttpRequest request) => Segments(request);

    private static QueueAddress Address(string[] segments) => new(AccountName.Parse(segments[1]), QueueName.Parse(segments[2]));

    /// <summary>The segments, which must be these; null is any name.</summary>
    /// <exception cref="NotFoundException">They aren't.</exception>
    /// <exception cref="InvalidRequestException">One is <c>.</c> or <c>..</c>, or not UTF-8.</exception>
    private static string[] Match(HttpRequest request, ReadOnlySpan<string?> expected)
    {
        var segments = Segments(request);
        if (segments.Length != expected.Length)
            throw NotFound();
        for (var i = 0; i < segments.Length; i++)
        {
            if (expected[i] is { } literal && literal != segments[i])
                throw NotFound();
        }

        return segments;
    }

    private static string[] Segments(HttpRequest request)
    {
        var raw = RawPath(request);
        var segments = raw == "/" ? [] : raw[1..].Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i].Length == 0)
                throw NotFound();
            segments[i] = PercentEncoding.Decode(segments[i], "path");
            if (segments[i] is "." or "..")
                throw new InvalidRequestException("path", $"'{segments[i]}' can't be a name: hosts resolve dot segments.");
        }

        return segments;
    }

    private static NotFoundException NotFound() => new("There is nothing at this path.");

    private static string RawPath(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        // A # is a character like any other here: a fragment isn't sent.
        var query = target.IndexOf('?');
        if (query >= 0)
            target = target[..query];
        // The absolute form (RFC 9112, section 3.2.2) has the host in front.
        if (!target.StartsWith('/') && target.IndexOf("://", StringComparison.Ordinal) is var scheme and > 0)
            target = target.IndexOf('/', scheme + 3) is var slash and > 0 ? target[slash..] : "/";
        if (!target.StartsWith('/'))
            target = request.Path.ToUriComponent();
        return target.Length == 0 ? "/" : target;
    }
}
