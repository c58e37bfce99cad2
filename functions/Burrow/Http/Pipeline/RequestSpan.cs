using System.Diagnostics;
using Burrow.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Pipeline;

/// <summary>
/// Records one request: a span (OpenTelemetry's conventions for HTTP servers), and its duration by operation and status. This is the
/// same in every process that serves, whatever else its host records about the request.
/// </summary>
internal readonly struct RequestSpan : IDisposable
{
    private static readonly string[] KnownMethods = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"];

    private readonly HttpRequest request;
    private readonly Resource resource;
    private readonly Activity? span;
    private readonly long begun;

    private RequestSpan(HttpRequest request, Resource resource)
    {
        (this.request, this.resource) = (request, resource);
        if (Instruments.Source.HasListeners())
            span = Start();
        if (Instruments.RequestDuration.Enabled)
            begun = Stopwatch.GetTimestamp();
    }

    public static RequestSpan Begin(HttpRequest request, Resource resource) => new(request, resource);

    /// <summary>
    /// The origin of a message that this request puts: this request, where it is recorded, else the client's span, if the client sent
    /// one that is sampled (W3C Trace Context). The Functions host makes one for every request, which nobody records. A value that is
    /// not well-formed counts as absent.
    /// </summary>
    public string? TraceParent => span is { Recorded: true } ? span.Id
        // Written anew: the parser also accepts other characters in place of the dashes.
        : Context is { TraceFlags: var flags } sent && flags.HasFlag(ActivityTraceFlags.Recorded)
            ? $"00-{sent.TraceId}-{sent.SpanId}-{(byte)flags:x2}"
            : null;

    private string Method => Array.IndexOf(KnownMethods, request.Method) >= 0 ? request.Method : "_OTHER";

    private string? Sent => request.Headers.TraceParent is [{ } only] ? only : null;

    private ActivityContext? Context =>
        ActivityContext.TryParse(Sent, request.Headers.TraceState, isRemote: true, out var context) ? context : null;

    /// <summary>Records the account and queue that the request is about.</summary>
    public void SetTags(RequestTarget target)
    {
        if (target.Queue is { } queue)
            span?.SetTag("messaging.destination.name", queue.Queue.Value);
        if (target.Account is { } account)
            span?.SetTag("burrow.account", account.Value);
    }

    /// <summary>Records the end of the request.</summary>
    public void End(int status)
    {
        span?.SetTag("http.response.status_code", status).SetStatus(status >= 500 ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
        if (begun == 0)
            return;
        Instruments.RequestDuration.Record(
            Stopwatch.GetElapsedTime(begun).TotalSeconds,
            new("http.request.method", Method),
            new("http.route", resource.Route),
            new KeyValuePair<string, object?>("http.response.status_code", status));
    }

    public void Dispose() => span?.Dispose();

    private Activity? Start()
    {
        // The host's own span is the parent if it has a source, so that a listener can receive it. The span that ASP.NET Core makes without
        // a source reaches no listener. As the parent, it would leave a gap between this span and the client's.
        if (Activity.Current is not { Source.Name.Length: > 0 })
            Activity.Current = null;
        var started = Instruments.Source.StartActivity(
            resource.Route.Length > 0 ? $"{Method} {resource.Route}" : Method,
            ActivityKind.Server,
            Activity.Current is null && Context is { } sent ? sent : default);
        return started?.SetTag("http.request.method", Method).SetTag("http.route", resource.Route);
    }
}
