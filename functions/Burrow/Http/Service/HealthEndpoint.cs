using Burrow.Health;
using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary><c>/health</c> and <c>/health/ready</c>: for whatever watches over processes. Neither needs a key, nor costs more for being asked often.</summary>
public sealed class HealthEndpoint
{
    private static readonly Resource Live = new("/health", "GET", "HEAD");
    private static readonly Resource Ready = new("/health/ready", "GET", "HEAD");

    private readonly Responder responder;
    private readonly Readiness readiness;

    internal HealthEndpoint(Responder responder, Readiness readiness) => (this.responder, this.readiness) = (responder, readiness);

    /// <summary>The process lives: it answers.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => responder.ServeAsync(request, Live, () =>
    {
        RequestPath.Health(request);
        return new Answer(200, Answer.Json, "{\"status\":\"ok\"}"u8.ToArray());
    });

    /// <summary>It can do its work; 503 says what keeps it from that.</summary>
    public Task<IResult> GetReadyAsync(HttpRequest request) => responder.ServeAsync(request, Ready, async serving =>
    {
        RequestPath.Ready(request);
        var report = await readiness.CheckAsync().WaitAsync(serving.Aborted);
        if (report.Problems.Count > 0)
            throw new UnavailableException($"Not ready. {string.Join(' ', report.Problems)}", "not-ready");
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", "ready");
            json.WriteInstant("swept", report.Swept);
            json.WriteEndObject();
        });
    });

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, RequestPath.Health, Live);

    /// <summary>405, for whether it is ready.</summary>
    public Task<IResult> RefuseReadyAsync(HttpRequest request) => responder.RefuseAsync(request, RequestPath.Ready, Ready);
}
