using System.Security.Cryptography;
using System.Text;
using Burrow.Http.Pipeline;

namespace Burrow.Local.Pages;

/// <summary>
/// <c>/console</c>: shows what the process holds, in one page that loads nothing from elsewhere. The page's policy allows only the
/// script and the style in the page. So text that a tenant wrote can do nothing, whatever the page does with it.
/// </summary>
internal static class ConsolePage
{
    private const string File = "console.html";

    private static readonly Resource Resource = new Resource<ResourcePath>("console", path => path)
    {
        Get = (_, _) => Task.FromResult(new Answer(200, "text/html; charset=utf-8", Page!.Value.Html)
            .With("Content-Security-Policy", Page.Value.Policy)
            .With("Referrer-Policy", "no-referrer")),
    };

    /// <summary>The page. The first request reads it.</summary>
    private static readonly Lazy<(byte[] Html, string Policy)> Page = new(Read);

    public static Task<IResult> ServeAsync(HttpRequest request, Responder responder) => responder.ServeAsync(request, Resource);

    /// <summary>The content security policy of a page, with the hashes of its script and its style.</summary>
    public static string PolicyOf(string html) => string.Join(
        "; ",
        "default-src 'none'",
        $"script-src '{HashOf(html, "script")}'",
        $"style-src '{HashOf(html, "style")}'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'");

    private static (byte[] Html, string Policy) Read()
    {
        using var stream = typeof(ConsolePage).Assembly.GetManifestResourceStream(typeof(ConsolePage), File)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var html = memory.ToArray();
        return (html, PolicyOf(Encoding.UTF8.GetString(html)));
    }

    private static string HashOf(string html, string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var text = html[start..html.IndexOf($"</{element}>", start, StringComparison.Ordinal)];
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
