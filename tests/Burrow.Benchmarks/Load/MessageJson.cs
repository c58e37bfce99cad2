using System.Buffers.Text;

namespace Burrow.Benchmarks.Load;

/// <summary>What a benchmark reads in a response that shows messages, without parsing it.</summary>
internal static class MessageJson
{
    private static ReadOnlySpan<byte> Id => "[{\"id\":\""u8;

    private static ReadOnlySpan<byte> Receipt => "\"etag\":\"\\\""u8;

    /// <summary>The id of the first message, which is a number.</summary>
    public static long NumberOf(HttpAnswer answer) =>
        answer.Body.Span.StartsWith(Id) && Utf8Parser.TryParse(answer.Body.Span[Id.Length..], out long number, out _)
            ? number
            : throw new BenchmarkException($"An answer without a message: {answer}");

    /// <summary>The receipt of the first message, without its quotes.</summary>
    public static ReadOnlySpan<byte> ReceiptOf(HttpAnswer answer)
    {
        var at = answer.Body.Span.IndexOf(Receipt);
        return at >= 0
            ? answer.Body.Span.Slice(at + Receipt.Length, HttpRequestBytes.Receipt.Length)
            : throw new BenchmarkException($"An answer without a receipt: {answer}");
    }

    /// <summary>The ids of all messages, which are numbers of 12 digits.</summary>
    public static IReadOnlyList<long> NumbersOf(HttpAnswer answer)
    {
        var numbers = new List<long>();
        for (var rest = answer.Body.Span; rest.IndexOf(Id[1..]) is >= 0 and var at;)
        {
            rest = rest[(at + Id.Length - 1)..];
            numbers.Add(Utf8Parser.TryParse(rest, out long number, out _) ? number : throw new BenchmarkException($"No number: {answer}"));
        }

        return numbers;
    }

    /// <summary>Checks that the response shows that many messages, with their bodies.</summary>
    public static void Check(HttpAnswer answer, int messages)
    {
        if (Server.Count(answer.Body.Span, "\"body\":\""u8) != messages)
            throw new BenchmarkException($"Not {messages} messages: {answer}");
    }
}
