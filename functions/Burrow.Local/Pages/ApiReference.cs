using System.Security.Cryptography;
using Scalar.AspNetCore;

namespace Burrow.Local.Pages;

/// <summary>
/// <c>/docs</c>: shows <c>/openapi.json</c> by Scalar, from the files in its package alone. It is made when it is first asked for: until
/// then not even Scalar's assembly is loaded.
/// </summary>
internal sealed class ApiReference(IServiceProvider services)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/docs";

    private const int NonceLength = 32;

    private static readonly object Nonce = new();

    private readonly Lazy<RequestDelegate> pages = new(() => Build(services));

    public Task ServeAsync(HttpContext context)
    {
        var nonce = RandomNumberGenerator.GetHexString(NonceLength, lowercase: true);
        context.Items[Nonce] = nonce;
        var headers = context.Response.Headers;
        // Scalar puts its own style sheets in, and styles on elements, which change with what is shown: no hash or nonce can name them all.
        // For the same reason (it writes HTML) it can't do with trusted types.
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        // Its routes are others than those that found it.
        context.SetEndpoint(null);
        return pages.Value(context);
    }

    private static RequestDelegate Build(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.UseRouting();
        app.UseEndpoints(routes => routes.MapScalarApiReference(Path, (options, context) =>
        {
            options.Nonce = (string)context.Items[Nonce]!;
            options.Title = "Burrow";
            options.OpenApiRoutePattern = "/openapi.json";
            options.DefaultOpenAllTags = true;
            // What would call elsewhere.
            options.DefaultFonts = false;
            options.Telemetry = false;
            options.ProxyUrl = null;
            options.HideClientButton = true;
            options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
            options.DisableAgent();
            options.DisableMcp();
        }));
        return app.Build();
    }
}
