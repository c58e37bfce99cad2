using System.Globalization;
using System.Text;

namespace Burrow.Tests.Torture;

/// <summary>Makes requests, each from its own seed: valid ones, unusual ones, and some that are not HTTP.</summary>
internal sealed class Fuzzer(string authority, int seed)
{
    private readonly Random random = new(seed);
    private readonly StringBuilder head = new();
    private Ending ending = Ending.Answered;

    public FuzzCase Next()
    {
        var kind = random.Next(100);
        if (kind < 4)
            return new(FuzzDamage.Nonsense(random), ["?"], Ending.Open);
        if (kind < 10)
            return Pipeline();
        var (bytes, method) = Request();
        return kind switch
        {
            < 30 => FuzzDamage.Of(random, bytes),
            < 34 => new(bytes[..random.Next(bytes.Length)], [], Ending.Abandoned),
            < 38 => new(bytes, [], Ending.Abandoned),
            _ => new(bytes, [method], ending),
        };
    }

    private string Pick(params ReadOnlySpan<string> words) => words[random.Next(words.Length)];

    private bool Chance(int percent) => random.Next(100) < percent;

    private void AtLeast(Ending least) => ending = ending > least ? ending : least;

    private FuzzCase Pipeline()
    {
        var (bytes, methods) = (new List<byte>(), new List<string>());
        // Behind a request without a clear end, the start of the next one is unknown.
        for (var i = random.Next(2, 6); i > 0 && ending != Ending.Open; i--)
        {
            var (request, method) = Request();
            bytes.AddRange(request);
            methods.Add(method);
        }

        // A request that ends the connection leaves the others without a response, and perhaps unread.
        return new([.. bytes], methods, ending == Ending.Answered ? Ending.AnsweredOrClosed : ending);
    }

    private (byte[] Bytes, string Method) Request()
    {
        head.Clear();
        var method = Chance(92)
            ? Pick("GET", "GET", "GET", "HEAD", "PUT", "PUT", "PUT", "PUT", "POST", "POST", "POST", "DELETE")
            : Pick("OPTIONS", "PATCH", "TRACE", "get", "Put", "FOO", "A!#$%&'*+-.^_`|~9", "CONNECT", "GE(T", "", new string('M', 300));
        if (method is "" or "GE(T" or "CONNECT")
            AtLeast(Ending.AnsweredOrClosed);
        var batch = Chance(15);
        if (batch && Chance(95))
            method = "POST";
        var version = Chance(96) ? "1.1" : Pick("1.0", "1.0", "1.2", "2.0", "0.9", "1.1x", "");
        if (version is not "1.1")
            AtLeast(version is "1.0" ? Ending.Answered : Ending.AnsweredOrClosed);
        head.Append(
            CultureInfo.InvariantCulture, $"{method} {FuzzTarget.Of(random, authority, method, batch, AtLeast)} HTTP/{version}\r\n");
        Hosts();
        Headers(batch);
        var body = batch || method is "PUT" || Chance(10) ? FuzzBody.Of(random, batch) : null;
        return ([.. Framed(body)], method);
    }

    private void Hosts()
    {
        if (Chance(95))
        {
            head.Append(CultureInfo.InvariantCulture, $"Host: {authority}\r\n");
            return;
        }

        AtLeast(Ending.AnsweredOrClosed);
        head.Append(Pick(
            "",
            "Host: evil.example\r\n",
            "Host:\r\n",
            "Host: xn--\r\n",
            "Host: a b\r\n",
            "Host: [::1\r\n",
            "Host: [::1]:7\r\n",
            "Host: localhost:99999\r\n",
            "Host: localhost\r\nHost: localhost\r\n",
            "Host: \u00e4\r\n",
            "hOST: LOCALHOST\r\n",
            "Host: user@localhost\r\n",
            "Host: localhost/v1.0\r\n"));
    }

    private void Headers(bool batch)
    {
        ContentType(batch);
        if (Chance(15))
        {
            head.Append(
                CultureInfo.InvariantCulture,
                $"{Pick("If-Match", "If-None-Match", "if-match", "If-Modified-Since", "Range")}: {Tags()}\r\n");
        }

        if (Chance(6))
            head.Append(CultureInfo.InvariantCulture, $"{Pick("If-Match", "If-None-Match")}: {Tags()}\r\n");
        if (Chance(4))
            head.Append(Pick("Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin:\r\n", "Origin: http://localhost\r\n"));
        if (Chance(4))
        {
            head.Append(
                Pick(
                    "Content-Encoding: gzip\r\n",
                    "Content-Encoding: identity\r\n",
                    "Content-Encoding: identity, identity\r\n",
                    "Accept-Encoding: br, *;q=0\r\n",
                    "Accept: nothing/here\r\n"));
        }

        if (Chance(3))
        {
            head.Append(
                Pick(
                    "Connection: close\r\n",
                    "Connection: keep-alive\r\n",
                    "Connection: Upgrade\r\nUpgrade: websocket\r\n",
                    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n",
                    "TE: trailers\r\n"));
        }

        Hostile();
    }

    private void ContentType(bool batch)
    {
        if (batch && Chance(90))
        {
            head.Append(
                Pick(
                    "Content-Type: application/x-ndjson\r\n",
                    "Content-Type: application/json\r\n",
                    "Content-Type: application/json; charset=\"utf-8\"\r\n"));
        }
        else if (Chance(20))
        {
            string[] types =
                ["text/plain", "text/html", "", ";", "a/b;c=\"", new('t', 256), new('t', 257), "application/x-ndjson; charset=utf-16"];
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: {Pick(types)}\r\n");
        }
    }

    private void Hostile()
    {
        if (Chance(3))
        {
            head.Append("Expect: 100-continue\r\n");
        }
        else if (Chance(3))
        {
            AtLeast(Ending.AnsweredOrClosed);
            head.Append(Pick(
                "Expect: 200-ok\r\n",
                "X Y: z\r\n",
                ": no name\r\n",
                "no colon\r\n",
                "X: a\r\n folded\r\n",
                "X: \u0000\r\n",
                "X: \u00ff\u00fe\r\n",
                "X\u00e4: y\r\n",
                "X: bare\nY: newline\r\n",
                "Content-Type: \u00e4\r\n",
                "If-Match: \"\u00e4\"\r\n"));
        }

        if (!Chance(3))
            return;
        AtLeast(Ending.AnsweredOrClosed);
        for (var i = random.Next(200); i > 0; i--)
            head.Append(CultureInfo.InvariantCulture, $"X-Flood-{i % 7}: {i}\r\n");
        head.Append(CultureInfo.InvariantCulture, $"X-Long: {new string('x', random.Next(3) == 0 ? random.Next(50_000) : 0)}\r\n");
    }

    private string Tags() => Pick(
        "*",
        "*",
        "*",
        "\"*\"",
        "*, *",
        "\"a\"",
        "W/\"a\"",
        "\"a\", \"b\" , W/\"c\"",
        "a",
        "\"",
        "\"a",
        "",
        ",",
        "\"a\",,",
        "\"\"",
        "'a'",
        "\"a\"b\"",
        "bytes=0-1",
        "\"a b\"",
        string.Join(", ", Enumerable.Repeat("\"0123456789abcdef\"", random.Next(1, 300))));

    /// <summary>The head and the body together, in a way that shows where the body ends, or not.</summary>
    private IEnumerable<byte> Framed(byte[]? body)
    {
        if (body is null)
        {
            head.Append("\r\n");
            return Encoding.Latin1.GetBytes(head.ToString());
        }

        var framing = random.Next(100);
        if (framing < 75)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        }
        else if (framing < 90)
        {
            head.Append(CultureInfo.InvariantCulture, $"{Pick("Transfer-Encoding: chunked", "transfer-encoding: CHUNKED")}\r\n\r\n");
            body = [.. Chunked(body)];
        }
        else
        {
            // The body ends elsewhere than the head says, or nowhere.
            AtLeast(Ending.Open);
            head.Append(Pick(
                $"Content-Length: {body.Length + random.Next(1, 100)}",
                $"Content-Length: {random.Next(body.Length + 1)}",
                "Content-Length: -1",
                "Content-Length: +1",
                "Content-Length: 0x1",
                "Content-Length: 1, 1",
                "Content-Length: 99999999999999999999",
                "Content-Length: 4611686018427387904",
                "Content-Length: 1\r\nContent-Length: 1",
                "Content-Length: 1\r\nContent-Length: 2",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: chunked, gzip",
                "Transfer-Encoding: gzip",
                "Transfer-Encoding: chunked\r\nContent-Length: 3",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity", "X: no length"));
            head.Append("\r\n\r\n");
            if (Chance(40))
            {
                body = [
                    .. Encoding.ASCII.GetBytes(
                        Pick(
                            "5\r\nhelloXX\r\n0\r\n\r\n",
                            "zz\r\n",
                            "FFFFFFFFFFFFFFFF\r\nx",
                            "-1\r\n",
                            "5",
                            "5\r\nhel",
                            "0\r\n",
                            "0\r\nX: y\r\n",
                            "00000000000000000000005\r\nhello\r\n0\r\n\r\n",
                            "5;x\r\nhello\r\n0\r\n\r\n"))];
            }
        }

        return [.. Encoding.Latin1.GetBytes(head.ToString()), .. body];
    }

    private List<byte> Chunked(byte[] body)
    {
        var chunked = new List<byte>();
        for (var sent = 0; sent < body.Length;)
        {
            var size = Math.Min(body.Length - sent, random.Next(1, 1 + Math.Max(body.Length / 3, 10)));
            chunked.AddRange(
                Encoding.ASCII.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"{size:x}{Pick("", "", "", ";a=b", ";a=\"b c\"")}\r\n")));
            chunked.AddRange(body.AsSpan(sent, size));
            chunked.AddRange("\r\n"u8);
            sent += size;
        }

        chunked.AddRange("0\r\n"u8);
        if (Chance(10))
        {
            AtLeast(Ending.AnsweredOrClosed);
            chunked.AddRange(
                Encoding.Latin1.GetBytes(
                    Pick(
                        "Trailer: x\r\n",
                        "Trailer: \u00bf\r\n",
                        "Trailer: \0\r\n",
                        "no colon\r\n",
                        "X: y\r\nHost: z\r\nContent-Length: 7\r\n")));
        }

        chunked.AddRange("\r\n"u8);
        return chunked;
    }
}
