using System.Globalization;
using System.Text;

namespace Burrow.Benchmarks.Load;

/// <summary>
/// A request as it goes over the wire, made once. In each place of <see cref="Number"/> it has room for a number of 12 digits.
/// </summary>
internal sealed class HttpRequestBytes
{
    /// <summary>The placeholder for a number.</summary>
    public const string Number = "############";

    /// <summary>The placeholder for a message's receipt, without its quotes.</summary>
    public const string Receipt = "@@@@@@@@@@@@@@@@";

    private readonly byte[] bytes;
    private readonly List<int> places = [];
    private readonly int receipt;

    public HttpRequestBytes(
        string method, string target, string body = "", string? contentType = null, string? key = null, string headers = "")
    {
        var type = contentType is null ? "" : $"Content-Type: {contentType}\r\n";
        var authorization = key is null ? "" : $"Authorization: Bearer {key}\r\n";
        var length = method is "PUT" or "POST" ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n") : "";
        headers = $"Host: localhost\r\n{authorization}{type}{length}{headers}";
        bytes = Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\n{headers}\r\n{body}");
        var number = Encoding.ASCII.GetBytes(Number);
        for (int at = 0, next; (next = bytes.AsSpan(at).IndexOf(number)) >= 0; at += next + number.Length)
            places.Add(at + next);
        receipt = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Receipt));
    }

    /// <summary>The request as it is now.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>
    /// The request with this number in its first place, and the following numbers in its other places. Valid until the next call.
    /// </summary>
    public ReadOnlyMemory<byte> With(long number)
    {
        foreach (var place in places)
            number++.TryFormat(bytes.AsSpan(place, Number.Length), out _, "d12", CultureInfo.InvariantCulture);
        return bytes;
    }

    /// <summary>The same, with a receipt.</summary>
    public ReadOnlyMemory<byte> With(long number, ReadOnlySpan<byte> receipt)
    {
        receipt.CopyTo(bytes.AsSpan(this.receipt, Receipt.Length));
        return With(number);
    }
}
