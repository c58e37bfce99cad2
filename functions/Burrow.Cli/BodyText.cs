using System.Text;
using System.Text.Unicode;

namespace Burrow.Client.Cli;

/// <summary>Bodies in JSON, as the service shows them: text, or base64 where they are not UTF-8.</summary>
internal static class BodyText
{
    /// <summary>The text, and its encoding; null: it is the body itself.</summary>
    public static (string Text, string? Encoding) Of(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes)
        ? (Encoding.UTF8.GetString(bytes), null)
        : (Convert.ToBase64String(bytes), "base64");
}
