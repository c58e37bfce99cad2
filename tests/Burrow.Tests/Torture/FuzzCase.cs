using System.Globalization;
using System.Text;

namespace Burrow.Tests.Torture;

/// <summary>What a server may do with a request.</summary>
internal enum Ending
{
    /// <summary>It answers.</summary>
    Answered,

    /// <summary>It answers, or ends the connection of what isn't HTTP.</summary>
    AnsweredOrClosed,

    /// <summary>It may also wait for more.</summary>
    Open,

    /// <summary>The client is gone as soon as it has sent.</summary>
    Abandoned,
}

/// <summary>Some bytes for one connection.</summary>
/// <param name="Bytes">What is sent.</param>
/// <param name="Methods">Of the requests among them, as far as they are answered.</param>
/// <param name="Ending">What may come of it.</param>
internal sealed record FuzzCase(byte[] Bytes, IReadOnlyList<string> Methods, Ending Ending)
{
    /// <summary>The bytes, so that they can be typed into a test.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Ending}, {Bytes.Length} bytes: \"");
        foreach (var b in Bytes.Take(4000))
        {
            text.Append((char)b switch
            {
                '\r' => "\\r",
                '\n' => "\\n",
                '"' => "\\\"",
                '\\' => "\\\\",
                >= ' ' and <= '~' and var c => c.ToString(),
                var c => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
            });
        }

        return text.Append('"').ToString();
    }
}
