using Burrow.Access;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Http.Pipeline;

/// <summary>
/// Allows calls from web pages of the origins that the settings name. It uses the framework's own service, but not its middleware, because
/// the worker's pipeline does not consist of middleware.
/// </summary>
internal sealed class Cors
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private readonly CorsService service;
    private readonly CorsPolicy? policy;

    public Cors(AccessOptions options, ILoggerFactory loggers)
    {
        service = new(Options.Create(new CorsOptions()), loggers);
        if (options.Origins.Count > 0)
        {
            policy = new CorsPolicyBuilder([.. options.Origins])
                .WithMethods("GET", "HEAD", "PUT", "POST", "DELETE")
                .WithHeaders("Authorization", "Content-Type", "If-Match", "If-None-Match", "Last-Event-ID", "traceparent", "tracestate")
                .WithExposedHeaders(
                    "ETag",
                    "Burrow-Marker",
                    "Burrow-More",
                    "Burrow-Paused",
                    "Burrow-Duplicate",
                    "Burrow-Last",
                    "Burrow-State",
                    "Retry-After",
                    "RateLimit",
                    "RateLimit-Policy",
                    "WWW-Authenticate",
                    "Accept",
                    "Accept-Encoding")
                .SetPreflightMaxAge(Remembered)
                .Build();
        }
    }

    /// <summary>Whether pages of that origin may call.</summary>
    public bool Allows(string origin) => policy?.IsOriginAllowed(origin) == true;

    /// <summary>Tells the browser what is allowed, in headers of the answer that follows.</summary>
    /// <returns>Whether this is only a preflight request, and its origin is allowed.</returns>
    public bool Apply(HttpContext context)
    {
        if (policy is null || context.Request.Headers.Origin.Count == 0)
            return false;
        var result = service.EvaluatePolicy(context, policy);
        service.ApplyResult(result, context.Response);
        return result is { IsPreflightRequest: true, IsOriginAllowed: true };
    }
}
