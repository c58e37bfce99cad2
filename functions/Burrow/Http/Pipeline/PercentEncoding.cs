using System.Text;

namespace Burrow.Http.Pipeline;

/// <summary>Percent-encoding (RFC 3986, section 2.1) of UTF-8, decoded strictly.</summary>
internal static class PercentEncoding
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The decoded text. A percent sign without two hexadecimal digits after it stands for itself.</summary>
    /// <exception cref="InvalidRequestException">The decoded bytes are not UTF-8.</exception>
    public static string Decode(string text, string what)
    {
        if (!text.Contains('%'))
            return text;
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }

        try
        {
            return Strict.GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException(what, $"{what} holds bytes that aren't UTF-8.");
        }
    }
}
