using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Burrow.Queues;

namespace Burrow.Access;

/// <summary>
/// Capability URLs: whoever has one may do one thing. The parameter <c>st</c> is <c>{terms}.{mac}</c>: the terms as JSON in
/// base64url, and the HMAC-SHA256, in hexadecimal, of these characters, the account, the queue and the id.
/// </summary>
internal sealed class LinkSigner
{
    /// <summary>The parameter's name.</summary>
    public const string ParameterName = "st";

    private readonly byte[] key;

    /// <param name="secret">The deployment's; absent only where nobody needs a key, and so nobody asks what is signed.</param>
    public LinkSigner(string? secret) => key = DeploymentSecret.Derive(secret ?? "", "burrow links");

    /// <summary>The value of <see cref="ParameterName"/>.</summary>
    public string Sign(LinkTerms terms, QueueAddress queue, MessageId? id)
    {
        var text = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(terms));
        return $"{text}.{Mac(text, queue, id)}";
    }

    /// <summary>The terms that were signed for that queue and message; null if they weren't. Whether they hold isn't looked at.</summary>
    public LinkTerms? Verify(string token, QueueAddress queue, MessageId? id)
    {
        // No other characters: what is signed is parted by them.
        if (token.Split('.') is not [var text, var mac] || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            return null;
        // Of the characters, not of what they say: there is one text for what was signed.
        var expected = Encoding.ASCII.GetBytes(Mac(text, queue, id));
        if (!CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(mac)))
            return null;
        return JsonSerializer.Deserialize<LinkTerms>(Base64Url.DecodeFromChars(text));
    }

    /// <summary>No name holds a NUL, nor does the text, so no two things are the same.</summary>
    private string Mac(string text, QueueAddress queue, MessageId? id) => Convert.ToHexStringLower(HMACSHA256.HashData(
        key, Encoding.UTF8.GetBytes($"{text}\0{queue.Account}\0{queue.Queue}{(id is { } one ? $"\0{one}" : "")}")));
}
