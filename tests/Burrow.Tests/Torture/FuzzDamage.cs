using System.Text;

namespace Burrow.Tests.Torture;

/// <summary>Makes bytes that are not HTTP, or hardly.</summary>
internal static class FuzzDamage
{
    /// <summary>A request in which some bytes are changed, removed, repeated or added.</summary>
    public static FuzzCase Of(Random random, byte[] request)
    {
        var bytes = request.ToList();
        // The damage is in the target, in the head, or anywhere. Most damage in the head is refused at its first byte.
        var (from, range) = random.Next(3) switch
        {
            0 => (bytes.IndexOf((byte)'/') + 1, 60),
            1 => (0, 400),
            _ => (0, bytes.Count),
        };
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var at = Math.Min(from + random.Next(range), bytes.Count - 1);
            var length = Math.Min(random.Next(1, 20), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2 when bytes.Count > length:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    bytes.InsertRange(
                        at,
                        Encoding.Latin1.GetBytes(
                            Pick(
                                random,
                                "\r\n",
                                "\n",
                                "\0",
                                "\r",
                                " ",
                                "\t",
                                "%",
                                "%00",
                                "%2e",
                                "/",
                                "//",
                                "?",
                                "&",
                                "=",
                                ":",
                                "\u00ff",
                                "\u00c3\u00a4",
                                ",",
                                "\"",
                                "HTTP/1.1")));
                    break;
            }
        }

        var line = Encoding.Latin1.GetString([.. bytes.Take(400)]).TrimStart('\r', '\n');
        return new([.. bytes], [line.Split(' ')[0]], Ending.Open);
    }

    /// <summary>Bytes that never were a request.</summary>
    public static byte[] Nonsense(Random random)
    {
        var bytes = new byte[random.Next(1, 300)];
        random.NextBytes(bytes);
        return random.Next(4) switch
        {
            0 => bytes,
            1 => [.. bytes, .. "\r\n\r\n"u8],
            2 => Encoding.ASCII.GetBytes(Pick(random,
                "\r\n\r\n\r\n",
                "GET\r\n\r\n",
                "GET /\r\n\r\n",
                " / HTTP/1.1\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "GET  /  HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET / HTTP/1.1\nHost: localhost\n\n",
                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                "GET http:// HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "EHLO localhost\r\n",
                "*1\r\n$4\r\nPING\r\n")),
            _ => Encoding.ASCII.GetBytes(
                $"GET /{new string((char)random.Next('!', '~'), random.Next(40_000))} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        };
    }

    private static string Pick(Random random, params ReadOnlySpan<string> words) => words[random.Next(words.Length)];
}
