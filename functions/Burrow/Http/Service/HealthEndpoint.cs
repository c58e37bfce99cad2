using Burrow.Health;
using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Service;

/// <summary>
/// <c>/health</c> and <c>/health/ready</c>: for probes. Neither needs a key, and frequent requests cost no more than a few.
/// </summary>
public sealed class HealthEndpoint : IEndpoint
{
    /// <summary>The path that shows whether the process answers.</summary>
    public const string LiveRoute = "health";

    /// <summary>The path that shows whether the process can do its work.</summary>
    public const string ReadyRoute = "health/ready";

    private static readonly byte[] Ok = "{\"status\":\"ok\"}"u8.ToArray();

    private readonly Responder responder;
    private readonly Readiness readiness;
    private readonly Resource live;
    private readonly Resource ready;

    internal HealthEndpoint(Responder responder, Readiness readiness)
    {
        (this.responder, this.readiness) = (responder, readiness);
        live = new Resource<ResourcePath>(LiveRoute, path => path) { Get = (_, _) => Task.FromResult(new Answer(200, Answer.Json, Ok)) };
        ready = new Resource<ResourcePath>(ReadyRoute, path => path) { Get = GetReadyAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [live, ready];

    /// <summary>GET shows that the process answers.</summary>
    public Task<IResult> ServeLiveAsync(HttpRequest request) => responder.ServeAsync(request, live);

    /// <summary>GET shows that the process can do its work; 503 says what prevents it.</summary>
    public Task<IResult> ServeReadyAsync(HttpRequest request) => responder.ServeAsync(request, ready);

    private async Task<Answer> GetReadyAsync(RequestContext context, ResourcePath path)
    {
        var report = await readiness.CheckAsync().WaitAsync(context.Aborted);
        if (report.Problems.Count > 0)
            throw new UnavailableException($"Not ready. {string.Join(' ', report.Problems)}", "not-ready");
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", "ready");
            json.WriteInstant("swept", report.Swept);
            json.WriteEndObject();
        });
    }
}
