using System.Security.Cryptography;
using Scalar.AspNetCore;

namespace Burrow.Local.Pages;

/// <summary>
/// <c>/docs</c>: shows <c>/openapi.json</c> with Scalar, using only files of Scalar's package. The first request builds the page.
/// Until then not even Scalar's assembly is loaded.
/// </summary>
internal sealed class ApiReference(IServiceProvider services)
{
    /// <summary>The page's path.</summary>
    public const string Path = "/docs";

    private const int NonceLength = 32;

    private static readonly object Nonce = new();

    private readonly Lazy<RequestDelegate> pages = new(() => Build(services));

    public Task ServeAsync(HttpContext context)
    {
        var nonce = RandomNumberGenerator.GetHexString(NonceLength, lowercase: true);
        context.Items[Nonce] = nonce;
        var headers = context.Response.Headers;
        // Scalar adds its own style sheets, and styles on elements, which change with the view. No hash or nonce can name them all.
        // As Scalar writes HTML, it can't work with trusted types either.
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
            + $"img-src 'self' data: blob:; font-src 'self' data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // Scalar has its own routes. They need a request without the endpoint that led here.
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
            // These options switch off everything that would call another host.
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
