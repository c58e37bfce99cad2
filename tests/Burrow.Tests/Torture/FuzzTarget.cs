using System.Globalization;

namespace Burrow.Tests.Torture;

/// <summary>Makes request targets, without spaces. Where the request line ends is the task of other classes.</summary>
internal static class FuzzTarget
{
    private static readonly string[] Odd =
    [
        "",
        ".",
        "..",
        "%2e",
        "%2E%2e",
        "%",
        "%z",
        "%zz",
        "%2",
        "%00",
        "%0d%0a",
        "%FF",
        "%C3%28",
        "%ED%A0%80",
        "%F0%9F%92%A5",
        "%2F",
        "%252F",
        "%5C",
        "+",
        "#",
        ";",
        "*",
        "'",
        "\"",
        "<",
        "|",
        "^",
        "\\",
        "{",
        "a%20b",
        "%7F",
        "%E2%80%AE",
        "%C0%AE",
        "~",
        "-",
        "null",
        "\u00e4",
        "\u00ff",
        new('n', 512),
        new('n', 513),
        string.Concat(Enumerable.Repeat("%F0%9F%92%A5", 128)),
        string.Concat(Enumerable.Repeat("%F0%9F%92%A5", 129)),
    ];

    private static readonly string[] Outcomes = ["done", "released", "failed", "dead"];

    private static readonly string[] Values =
    [
        "0",
        "1",
        "2",
        "10",
        "600",
        "-1",
        "+1",
        "1e3",
        "1.0",
        "0x1",
        "3153600000",
        "3153600001",
        "2147483647",
        "2147483648",
        "99999999999999999999",
        "",
        "%",
        "%31",
        "%FF",
        "%00",
        "1%00",
        "%D9%A1",
        "true",
        "TRUE",
        "false",
        "all",
        "full",
        "body",
        "id",
        "none",
        "attributes",
        "All",
        "a%26b",
        "a=b",
        "0000000000000001",
        "ffffffffffffffff",
        "%F0%9F%92%A5",
        "m1",
        "'",
        "\u00e4",
        new('9', 500),
        new('x', 5000),
    ];

    /// <param name="random">The source of randomness.</param>
    /// <param name="authority">The server's host and port.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="batch">Whether the request is a batch.</param>
    /// <param name="atLeast">Called for a target that the server may refuse because it is not HTTP.</param>
    public static string Of(Random random, string authority, string method, bool batch, Action<Ending> atLeast)
    {
        var path = batch ? $"/batch/{Name(random, "a", "b")}/{Name(random, "q", "r")}" : random.Next(42) switch
        {
            // A PUT works only on a message, and without messages the tests see little.
            < 34 when method == "PUT" => $"/v1.0/{Name(random, "a", "b")}/{Name(random, "q", "r")}/{Name(random, "m1", "m2", "m3")}",
            0 => "/",
            1 => "/v1.0",
            2 or 3 => $"/v1.0/{Name(random, "a", "b")}",
            < 18 => $"/v1.0/{Name(random, "a", "b")}/{Name(random, "q", "r")}",
            < 34 => $"/v1.0/{Name(random, "a", "b")}/{Name(random, "q", "r")}/{Name(random, "m1", "m2", "m3")}",
            34 when method == "PUT" => $"/policies/{Name(random, "a", "b")}/{Name(random, "p1", "p2")}",
            34 => $"/policies/{Name(random, "a", "b")}{(random.Next(2) == 0 ? "" : $"/{Name(random, "p1", "p2")}")}",
            35 => $"/dead/{Name(random, "a", "b")}",
            36 => $"/dead/{Name(random, "a", "b")}/{Name(random, "q", "r")}",
            37 => $"/dead/{Name(random, "a", "b")}/{Name(random, "q", "r")}/{Name(random, "m1", "m2", "m3")}",
            38 => $"/v1.0/a/q/m1/{Name(random, "x")}",
            39 => $"/{Name(random, "v1.0", "V1.0", "v2", "batch", "admin", "favicon.ico")}/",
            40 => new string('/', random.Next(1, 20)),
            _ => $"/v1.0/a/q/{new string('l', random.Next(9_000))}",
        };
        if (random.Next(50) == 0)
        {
            string[] prefixes =
            [
                $"http://{authority}", "http://evil.example", "HTTP://localhost", "ftp://localhost", "http://[::1]:1", "*",
                "x", "localhost:1", "http:", "?"
            ];
            path = prefixes[random.Next(prefixes.Length)] + path;
            atLeast(Ending.AnsweredOrClosed);
        }

        var target = path + Query(random);
        // Kestrel itself refuses these targets, and lines that are too long.
        if (target.Length > 4000 || target.Any(c => c > '~') || target.Contains("%00", StringComparison.Ordinal))
            atLeast(Ending.AnsweredOrClosed);
        return target;
    }

    private static string Name(Random random, params ReadOnlySpan<string> usual) =>
        random.Next(100) < 93 ? usual[random.Next(usual.Length)]
        : random.Next(3) == 0 ? string.Create(CultureInfo.InvariantCulture, $"n{random.Next(1_000_000)}")
        : Odd[random.Next(Odd.Length)];

    private static string Query(Random random)
    {
        if (random.Next(2) == 0)
            return "";
        var pairs = new List<string>();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            string[] names =
            [
                "ttl", "ttl", "hide", "limit", "limit", "marker", "after", "match_hidden", "match_hidden", "detail", "detail",
                "detail", "%64etail", "TTL", "junk", "", "%FF", "priority", "priority", "outcome", "outcome", "cause", "queue"
            ];
            var name = names[random.Next(names.Length)];
            pairs.Add(
                random.Next(20) == 0
                    ? name
                    : $"{name}={(random.Next(8) > 0 ? Fitting(random, name) : Values[random.Next(Values.Length)])}");
        }

        // A granted wait takes time. So waits are few and short.
        if (random.Next(60) == 0)
        {
            string[] waits = ["0", "1", "-1", "86401", "x", "%FF", ""];
            pairs.Add($"wait={waits[random.Next(waits.Length)]}");
        }

        return "?" + string.Join(random.Next(30) == 0 ? "&&" : "&", pairs);
    }

    private static string Fitting(Random random, string name)
    {
        string[] details = ["none", "id", "attributes", "body", "all", "full"];
        return name switch
        {
            "detail" or "%64etail" => details[random.Next(details.Length)],
            "match_hidden" => "true",
            "marker" => "m1",
            "outcome" => Outcomes[random.Next(Outcomes.Length)],
            "queue" => "q",
            "priority" => random.Next(10).ToString(CultureInfo.InvariantCulture),
            "after" => "0000000000000001",
            _ => random.Next(30).ToString(CultureInfo.InvariantCulture),
        };
    }
}
