using Burrow.Access;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Http.Pipeline;

/// <summary>Lets pages of the origins that the settings name call: by the framework's own service, but not as middleware, which the Worker's pipeline isn't made of.</summary>
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
                .WithHeaders("Authorization", "Content-Type", "If-Match", "If-None-Match", "traceparent", "tracestate")
                .WithExposedHeaders(
                    "ETag", "Burrow-Marker", "Burrow-More", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate")
                .SetPreflightMaxAge(Remembered)
                .Build();
        }
    }

    /// <summary>Whether pages of that origin may call.</summary>
    public bool Allows(string origin) => policy?.IsOriginAllowed(origin) == true;

    /// <summary>Tells the browser, in the headers of the answer that is to come.</summary>
    /// <returns>Whether it only wanted to know that, and is let.</returns>
    public bool Apply(HttpContext context)
    {
        if (policy is null || context.Request.Headers.Origin.Count == 0)
            return false;
        var result = service.EvaluatePolicy(context, policy);
        service.ApplyResult(result, context.Response);
        return result is { IsPreflightRequest: true, IsOriginAllowed: true };
    }
}
