using System.Globalization;
using System.Text;

namespace Burrow.Tests.Torture;

/// <summary>Makes bodies: text, bytes, and texts that are nearly a batch.</summary>
internal static class FuzzBody
{
    private static readonly string[] Items =
    [
        """{"id":"m1","body":"x"}""",
        """{"id":"m2","ttl":60,"hide":1}""",
        "{}",
        """{"op":"delete","id":"m1"}""",
        """{"op":"update","id":"m2","ttl":0}""",
        """{"op":"put","id":"m3","body":"/w==","encoding":"base64"}""",
        """{"body":"%%","encoding":"base64"}""",
        """{"id":"m1","ifMatch":"\"a\""}""",
        """{"id":"m1","ifMatch":["*"]}""",
        """{"id":"m1","ifMatch":7}""",
        """{"op":"burn","id":"m1"}""",
        """{"op":null}""",
        """{"id":null}""",
        """{"id":""}""",
        """{"id":".."}""",
        """{"id":"\u0000"}""",
        """{"id":"\ud800"}""",
        """{"\ud800":1}""",
        """{"id":"m1","id":"m2"}""",
        """{"id":"m1","ttl":1e3}""",
        """{"id":"m1","ttl":-1}""",
        """{"id":"m1","ttl":9e999}""",
        """{"id":"m1","ttl":1.5}""",
        """{"id":"m1","hide":3153600001}""",
        """{"id":"m1","contentType":"text/html"}""",
        """{"id":"m1","contentType":"\u00e4"}""",
        """{"id":"m1","priority":9}""",
        """{"id":"m1","priority":10}""",
        """{"op":"update","id":"m1","outcome":"failed","cause":"x"}""",
        """{"op":"update","id":"m1","outcome":"dead","ifMatch":"\"a\""}""",
        """{"op":"update","id":"m1","outcome":"done","ttl":1,"ifMatch":"*"}""",
        """{"op":"update","id":"m1","outcome":7}""",
        """{"id":["m1"]}""",
        """{"id":"m1","body":{"x":1}}""",
        "null",
        "7",
        "\"\"",
        "[]",
        "[[]]",
        "tru",
        "{",
        "{\"id\"",
        "{]",
        "{\"id\":\"m1\",\"body\":\"\u00ff\"}",
        "{\"id\":\"m1\"}}",
        "// x",
        "{\"id\":\"\ud83d\udca5\"}",
        "\u0000",
        "{\"a\":1,}",
        "{'id':'m1'}",
        "NaN",
    ];

    public static byte[] Of(Random random, bool batch)
    {
        if (!batch)
            return Message(random);
        var body = Batch(random);
        // Damages the body as if the client had died or a proxy had changed it.
        return random.Next(8) switch
        {
            0 => body[..random.Next(body.Length + 1)],
            1 when body.Length > 0 => [.. body[..^1], (byte)random.Next(256)],
            2 => [0xEF, 0xBB, 0xBF, .. body],
            _ => body,
        };
    }

    private static readonly string[] Policies =
    [
        """{"queues":"*"}""",
        """{"queues":"q","maxDeliveries":1,"deadTtl":5}""",
        """{"queues":"q*","retryDelays":[1,2],"ttl":60,"hide":1}""",
        """{"queues":"r","maxMessages":2}""",
        """{"queues":"r","paused":true}""",
        """{"queues":"q","paused":null}""",
        """{"queues":["q"]}""",
        """{"queues":"q","retryDelays":[[]]}""",
        """{"queues":"q","maxDeliveries":1e9}""",
        """{"queues":"\ud800"}""",
    ];

    private static byte[] Message(Random random)
    {
        if (random.Next(20) == 0)
            return Encoding.UTF8.GetBytes(Policies[random.Next(Policies.Length)]);
        var size = random.Next(400) switch
        {
            0 => 1024 * 1024,
            1 => 1024 * 1024 + 1,
            < 8 => random.Next(200_000),
            < 100 => 0,
            _ => random.Next(300),
        };
        var body = new byte[size];
        if (random.Next(2) == 0)
            random.NextBytes(body);
        else
            body.AsSpan().Fill((byte)random.Next(' ', '~'));
        return body;
    }

    private static byte[] Batch(Random random)
    {
        switch (random.Next(40))
        {
            case 0:
                return Encoding.ASCII.GetBytes(Repeat(Pick(random, "[", "{\"id\":", "[{\"body\":"), random.Next(100_000)));
            case 1:
                return Encoding.ASCII.GetBytes(Repeat("[", 60) + Repeat("]", 60));
            case 2:
                return Encoding.ASCII.GetBytes(Repeat(Pick(random, "{}\n", "\n", "7\n"), random.Next(900, 1100)));
            case 3:
                return Encoding.ASCII.GetBytes(
                    "[{\"id\":\"" + Repeat("x", random.Next(2000)) + "\",\"body\":\"" + Repeat("y", random.Next(1_200_000)) + "\"}]");
            case 4:
                return Message(random);
        }

        var items = Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Next(3) > 0 ? Good(random) : Pick(random, Items));
        return Encoding.UTF8.GetBytes(
            random.Next(3) == 0
                ? $"[{string.Join(',', items)}]"
                : string.Join(Pick(random, "\n", "\n", "\n", "\r\n", "\r\n", "\n\n", " "), items));
    }

    private static string Good(Random random) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"id":"m{{random.Next(50)}}","body":"{{random.Next()}}","ttl":{{random.Next(100)}}}""");

    private static string Pick(Random random, params ReadOnlySpan<string> words) => words[random.Next(words.Length)];

    private static string Repeat(string text, int times) => new StringBuilder().Insert(0, text, times).ToString();
}
