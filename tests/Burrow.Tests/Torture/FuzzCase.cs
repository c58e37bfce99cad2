using System.Globalization;
using System.Text;

namespace Burrow.Tests.Torture;

/// <summary>What a server may do with a request.</summary>
internal enum Ending
{
    /// <summary>It responds.</summary>
    Answered,

    /// <summary>It responds, or ends the connection if the request is not HTTP.</summary>
    AnsweredOrClosed,

    /// <summary>It may also wait for more.</summary>
    Open,

    /// <summary>The client disconnects as soon as it has sent the request.</summary>
    Abandoned,
}

/// <summary>Some bytes for one connection.</summary>
/// <param name="Bytes">The bytes to send.</param>
/// <param name="Methods">The methods of the requests in the bytes, as far as the server answers them.</param>
/// <param name="Ending">What the server may do.</param>
internal sealed record FuzzCase(byte[] Bytes, IReadOnlyList<string> Methods, Ending Ending)
{
    /// <summary>The bytes, in a form that can be typed into a test.</summary>
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
