using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Burrow.Queues;

namespace Burrow.Access;

/// <summary>
/// Capability URLs: a client that has one may do one thing. The parameter <c>st</c> is <c>{terms}.{mac}</c>: the terms as JSON in
/// base64url, and the HMAC-SHA256, in hexadecimal, of these characters, the account, the queue and the id.
/// </summary>
internal sealed class LinkSigner
{
    /// <summary>The name of the query parameter.</summary>
    public const string ParameterName = "st";

    /// <summary>The key that signs, and others whose signatures are valid.</summary>
    private readonly IReadOnlyList<byte[]> keys;

    /// <param name="secret">
    /// The deployment's secret. It is absent only where no key is needed, and there the service checks no signature.
    /// </param>
    public LinkSigner(DeploymentSecret secret) => keys = secret.KeysFor("burrow links");

    /// <summary>Signs a link: the value of <see cref="ParameterName"/>.</summary>
    public string Sign(LinkTerms terms, QueueAddress queue, MessageId? id)
    {
        var text = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(terms));
        return $"{text}.{Mac(keys[0], text, queue, id)}";
    }

    /// <summary>
    /// The terms that were signed for that queue and message; null if the signature is not valid. The terms themselves are not checked.
    /// </summary>
    public LinkTerms? Verify(string token, QueueAddress queue, MessageId? id)
    {
        // No other characters are allowed: they separate the parts of the signed text.
        if (token.Split('.') is not [var text, var mac] || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            return null;
        // The MAC is of the characters, not of the terms that they encode, so only one text is valid for what was signed.
        var sent = Encoding.UTF8.GetBytes(mac);
        if (!keys.Any(key => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Mac(key, text, queue, id)), sent)))
            return null;
        return JsonSerializer.Deserialize<LinkTerms>(Base64Url.DecodeFromChars(text));
    }

    /// <summary>
    /// The MAC of the parts, separated by NUL. No name and no text holds a NUL, so different parts never give the same input.
    /// </summary>
    private static string Mac(byte[] key, string text, QueueAddress queue, MessageId? id) => Convert.ToHexStringLower(HMACSHA256.HashData(
        key, Encoding.UTF8.GetBytes($"{text}\0{queue.Account}\0{queue.Queue}{(id is { } one ? $"\0{one}" : "")}")));
}
