using System.Text;

namespace Burrow.Benchmarks;

/// <summary>What the messages of the benchmarks look like.</summary>
internal static class Sizes
{
    /// <summary>A body of 1 KiB, plain ASCII.</summary>
    public static readonly string Text = string.Concat(Enumerable.Repeat("0123456789abcdef", 64));

    /// <inheritdoc cref="Text"/>
    public static readonly byte[] Body = Encoding.ASCII.GetBytes(Text);

    /// <summary>The length of a response that shows that many messages with their bodies, as the benchmarks put them.</summary>
    public static int AnswerLength(int messages) =>
        2 + messages * ("""{"id":"000000000000","ttl":600,"hide":60,"body":""}""".Length + Text.Length + 1) - 1;

    /// <summary>The numbers of connections that load uses.</summary>
    public static readonly IReadOnlyList<int> Connections = [1, 8, 32];
}
