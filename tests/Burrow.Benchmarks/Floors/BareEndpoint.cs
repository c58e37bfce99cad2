using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Burrow.Benchmarks.Floors;

/// <summary>
/// The floor of everything over HTTP: Kestrel with one endpoint. It reads the body and responds to <c>/{status}/{length}</c> with
/// that status and that many bytes. This program runs it itself, as a separate process.
/// </summary>
internal static class BareEndpoint
{
    /// <summary>The hidden sub-command.</summary>
    public const string Command = "bare";

    private static readonly byte[] Filler = new byte[16 * 1024 * 1024];

    public static Task RunAsync(CancellationToken cancellationToken) =>
        HiddenServer.RunAsync("bare endpoint", AnswerAsync, cancellationToken);

    private static async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value.AsSpan(1);
        var slash = path.IndexOf('/');
        context.Response.StatusCode = int.Parse(path[..slash], CultureInfo.InvariantCulture);
        var length = int.Parse(path[(slash + 1)..], CultureInfo.InvariantCulture);
        context.Response.ContentLength = length;
        for (var ended = context.Request.ContentLength is null or 0; !ended;)
        {
            var read = await context.Request.BodyReader.ReadAsync();
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            ended = read.IsCompleted;
        }

        if (length > 0)
            await context.Response.Body.WriteAsync(Filler.AsMemory(0, length));
    }
}
