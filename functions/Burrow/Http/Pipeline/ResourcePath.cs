using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Burrow.Http.Pipeline;

/// <summary>
/// The path of a request that matches a route. It is read from the request line as it was sent, because routers change it: they
/// resolve dots, ignore a slash at the end and the case of letters, and keep <c>%2F</c> while they decode all else. Only this type
/// decides what a name holds.
/// </summary>
internal readonly struct ResourcePath
{
    private readonly string[] segments;
    private readonly string[] template;

    private ResourcePath(string[] segments, string[] template) => (this.segments, this.template) = (segments, template);

    /// <summary>The segment at <c>{account}</c>.</summary>
    public AccountName Account => AccountName.Parse(this["account"]);

    /// <summary>The segments at <c>{account}</c> and <c>{queue}</c>.</summary>
    public QueueAddress Queue => new(Account, QueueName.Parse(this["queue"]));

    /// <summary>The segment at <c>{message}</c>.</summary>
    public MessageId Message => MessageId.Parse(this["message"]);

    /// <summary>The segment at that place of the route, decoded.</summary>
    public string this[string name] => segments[Array.IndexOf(template, $"{{{name}}}")];

    /// <summary>The path of a request, which must match the segments of a route.</summary>
    /// <exception cref="NotFoundException">It does not match.</exception>
    /// <exception cref="InvalidRequestException">A segment is <c>.</c> or <c>..</c>, or is not UTF-8.</exception>
    public static ResourcePath Match(HttpRequest request, string[] template)
    {
        var segments = Read(request);
        if (segments.Length != template.Length)
            throw NotFound();
        for (var i = 0; i < segments.Length; i++)
        {
            if (!template[i].StartsWith('{') && template[i] != segments[i])
                throw NotFound();
        }

        return new(segments, template);
    }

    /// <summary>The decoded segments of a path.</summary>
    /// <inheritdoc cref="Match"/>
    public static string[] Read(HttpRequest request)
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

    /// <summary>The error of a path that matches no route.</summary>
    public static NotFoundException NotFound() => new("There is nothing at this path.");

    private static string RawPath(HttpRequest request)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        // A # is a character like any other here: clients do not send a fragment.
        var query = target.IndexOf('?');
        if (query >= 0)
            target = target[..query];
        // The absolute form (RFC 9112, section 3.2.2) starts with the scheme and the host.
        if (!target.StartsWith('/') && target.IndexOf("://", StringComparison.Ordinal) is var scheme and > 0)
            target = target.IndexOf('/', scheme + 3) is var slash and > 0 ? target[slash..] : "/";
        if (!target.StartsWith('/'))
            target = request.Path.ToUriComponent();
        return target.Length == 0 ? "/" : target;
    }
}
