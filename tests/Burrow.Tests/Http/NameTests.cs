using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Names are opaque: a name that is sent percent-encoded comes back identical (docs/reference/api.md).</summary>
public abstract class NameTests(ServerFixture server) : ProtocolTests(server)
{
    /// <summary>Names as they are sent, and as they are decoded.</summary>
    public static TheoryData<string, string> Names => new()
    {
        { "a%2Fb", "a/b" },
        { "a%2fb", "a/b" },
        { "%2F", "/" },
        { "%2F%2F", "//" },
        { "a%2F", "a/" },
        { "a%252Fb", "a/b" },
        { "a%252fb", "a/b" },
        { "%25252F", "%252F" },
        { "%25%2F2F", "%/2F" },
        { "%25", "%" },
        { "%2525", "%25" },
        { "100%25", "100%" },
        { "%257F", "%7F" },
        { "%25zz", "%zz" },
        { "%25F", "%F" },
        { "a%3Fb", "a?b" },
        { "a%23b", "a#b" },
        { "a+b", "a+b" },
        { "a%2Bb", "a+b" },
        { "a%20b", "a b" },
        { "%20", " " },
        { "%20%20a%20", "  a " },
        { "%22", "\"" },
        { "'", "'" },
        { "%27", "'" },
        { "%5C", "\\" },
        { "%5C..%5C", "\\..\\" },
        { "a&b=c;d,e", "a&b=c;d,e" },
        { ":@!$()*~-_", ":@!$()*~-_" },
        { "%3Cscript%3E", "<script>" },
        { "%7B%7D%5B%5D%60%7C%5E", "{}[]`|^" },
        { "%C3%A9", "é" },
        { "e%CC%81", "e\u0301" },
        { "%E2%82%AC", "€" },
        { "%F0%9F%98%80", "😀" },
        { "%EF%BF%BD", "\uFFFD" },
        { "%EF%BB%BF", "\uFEFF" },
        { "%EF%BF%BF", "\uFFFF" },
        { "%E2%80%A8", "\u2028" },
        { "%01", "\u0001" },
        { "%09", "\t" },
        { "a%0D%0Ab", "a\r\nb" },
        { "%1F", "\u001F" },
        { "%7F", "\u007F" },
        { "%C2%80", "\u0080" },
        { "null", "null" },
        { "v1.0", "v1.0" },
        { "%61", "a" },
        { "A", "A" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_id_comes_back_as_it_was_put(string sent, string id)
    {
        var target = $"{Queue}/{sent}";

        (await PutAsync($"{target}?ttl=0", "body")).ShouldBeEmpty(201);
        await PutAsync($"{Queue}/z?ttl=0");

        (await GetAsync($"{Queue}?detail=id")).Strings.ShouldBe([id, "z"]);
        (await GetAsync(Queue)).Json[0].GetProperty("id").GetString().ShouldBe(id);
        (await GetAsync(target)).Json.GetProperty("id").GetString().ShouldBe(id);
        (await GetAsync($"{target}?detail=id")).ShouldBeBytes(Encoding.UTF8.GetBytes(id));
        (await GetAsync($"{Queue}?detail=id&marker={Uri.EscapeDataString(id)}")).Strings.ShouldBe(["z"]);
        (await PostAsync($"{target}?hide=5")).Status.ShouldBe(200);
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["z"]);
        (await PutAsync($"{target}?ttl=0")).ShouldBeEmpty(200);
        (await DeleteAsync($"{target}?detail=id")).ShouldBeBytes(Encoding.UTF8.GetBytes(id));
        (await IdsAsync(Queue)).ShouldBe(["z"]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_account_and_a_queue_come_back_as_they_were_put(string sent, string name)
    {
        var account = $"/v1.0/{Account}{sent}";
        await PutAsync($"{account}/{sent}/m");
        await PutAsync($"{account}/%F4%8F%BF%BF/m");

        (await GetAsync("/v1.0")).Strings.ShouldContain(Account + name);
        (await GetAsync(account)).Strings.ShouldBe([name, "\U0010FFFF"]);
        (await GetAsync($"{account}?detail=all")).Json[0].GetProperty("id").GetString().ShouldBe(name);
        (await GetAsync($"{account}?marker={Uri.EscapeDataString(name)}")).Strings.ShouldBe(["\U0010FFFF"]);
        (await IdsAsync($"{account}/{sent}")).ShouldBe(["m"]);
        (await DeleteAsync($"{account}/{sent}")).ShouldBeEmpty(200);
        (await GetAsync(account)).Strings.ShouldBe(["\U0010FFFF"]);
        (await DeleteAsync(account)).ShouldBeEmpty(200);
        (await GetAsync(account)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Every_character_of_latin_1_but_nul_is_one_id()
    {
        var ids = Enumerable.Range(1, 255).Select(c => ((char)c).ToString()).Except(["."]).ToList();
        var batch = ids.Select(id => JsonSerializer.Serialize(new { id, ttl = 0 }));
        await SendAsync(
            "POST", $"/batch/{Account}/q", Encoding.UTF8.GetBytes(string.Join('\n', batch)), ("Content-Type", "application/x-ndjson"));

        (await IdsAsync(Queue)).ShouldBe(ids);
        foreach (var id in ids)
        {
            (await GetAsync($"{Queue}/{string.Concat(Encoding.UTF8.GetBytes(id).Select(b => $"%{b:X2}"))}?detail=id"))
                .ShouldBeBytes(Encoding.UTF8.GetBytes(id));
        }
    }

    [Theory]
    [InlineData("a", 512)]
    [InlineData("%20", 512)]
    [InlineData("%C3%A9", 256)]
    [InlineData("%F0%9F%98%80", 128)]
    public async Task A_name_has_at_most_512_bytes_of_utf8(string character, int max)
    {
        var name = string.Concat(Enumerable.Repeat(character, max));
        var text = Uri.UnescapeDataString(name);
        // Other tests with an account name of this length would have the same account.
        var account = name[..^character.Length] + (character == "a" ? "b" : character);

        (await PutAsync($"/v1.0/{account}/{name}/{name}")).Status.ShouldBeOneOf(200, 201);
        (await IdsAsync($"/v1.0/{account}/{name}")).ShouldBe([text]);
        (await GetAsync($"/v1.0/{account}")).Strings.ShouldBe([text]);
        (await GetAsync("/v1.0")).Strings.ShouldContain(Uri.UnescapeDataString(account));

        foreach (var more in new[] { name + "a", "a" + name, name + character })
        {
            (await PutAsync($"{Queue}/{more}")).ShouldBeAProblem(400);
            (await PutAsync($"/v1.0/{Account}/{more}/m")).ShouldBeAProblem(400);
            (await PutAsync($"/v1.0/{more}/q/m")).ShouldBeAProblem(400);
            foreach (var method in new[] { "GET", "POST", "DELETE" })
            {
                (await SendAsync(method, $"{Queue}/{more}")).ShouldBeAProblem(400);
                (await SendAsync(method, $"/v1.0/{Account}/{more}")).ShouldBeAProblem(400);
            }

            (await GetAsync($"/v1.0/{more}")).ShouldBeAProblem(400);
            (await SendAsync("POST", $"/batch/{Account}/{more}", [], ("Content-Type", "application/json"))).ShouldBeAProblem(400);
        }

        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("%FF")]
    [InlineData("%25FF")]
    [InlineData("a%25c3b")]
    [InlineData("%2580")]
    [InlineData("%25C3%25A9")]
    [InlineData("a%FFb")]
    [InlineData("%C3")]
    [InlineData("%C3a")]
    [InlineData("%80")]
    [InlineData("%C0%AF")]
    [InlineData("%E0%80%AF")]
    [InlineData("%ED%A0%80")]
    [InlineData("%ED%A0%BD%ED%B8%80")]
    [InlineData("%F4%90%80%80")]
    public async Task Bytes_that_are_not_utf8_and_text_that_could_be_one_are_400(string name)
    {
        await PutAsync($"{Queue}/m");

        foreach (var method in new[] { "GET", "PUT", "POST", "DELETE" })
        {
            (await SendAsync(method, $"{Queue}/{name}")).ShouldBeAProblem(400);
            (await SendAsync(method, $"/v1.0/{Account}/{name}/m")).ShouldBeAProblem(400);
            (await SendAsync(method, $"/v1.0/{name}/q/m")).ShouldBeAProblem(400);
            if (method == "PUT")
                continue;
            (await SendAsync(method, $"/v1.0/{Account}/{name}")).ShouldBeAProblem(400);
        }

        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Theory]
    [InlineData("%00")]
    [InlineData("a%00b")]
    public async Task The_character_nul_is_400(string name)
    {
        foreach (var target in new[] { $"{Queue}/{name}", $"/v1.0/{Account}/{name}/m", $"/v1.0/{Account}{name}/q/m" })
        {
            // The host itself may refuse the request, without the headers of Burrow.
            await using var http = await ConnectAsync();
            (await http.SendAsync("PUT", target, [])).Status.ShouldBe(400);
        }

        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task The_text_percent_2F_means_a_slash_wherever_it_stands()
    {
        (await PutAsync($"{Queue}/a%2Fb?ttl=0", "first")).Status.ShouldBe(201);
        (await PutAsync($"{Queue}/a%252Fb?ttl=0", "second")).Status.ShouldBe(200);
        (await PutAsync($"{Queue}/z?ttl=0", "last")).Status.ShouldBe(201);
        var batch = """[{"id":"a%2Fb","op":"update","ttl":9},{"id":"a%2fc","body":"","ttl":9},{"id":"%FF","body":""}]"""u8;
        var answer = (await SendAsync("POST", $"/batch/{Account}/q", batch.ToArray(), ("Content-Type", "application/json"))).Json;

        answer.EnumerateArray().Select(item => item.GetProperty("status").GetInt32()).ShouldBe([200, 201, 400]);
        answer[1].GetProperty("id").GetString().ShouldBe("a/c");
        (await IdsAsync(Queue)).ShouldBe(["a/b", "z", "a/c"]);
        foreach (var marker in new[] { "a%2Fb", "a%252Fb", "a%252fb" })
            (await GetAsync($"{Queue}?detail=id&marker={marker}")).Strings.ShouldBe(["z", "a/c"]);
        (await PutAsync($"/v1.0/{Account}/q%2Fq/1")).Status.ShouldBe(201);
        (await PutAsync($"/v1.0/{Account}/q%252Fq/1")).Status.ShouldBe(200);
        (await GetAsync($"/v1.0/{Account}?marker=q")).Strings.ShouldBe(["q/q"]);
        (await GetAsync($"/v1.0/{Account}?marker=q%252Fq")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Names_are_case_sensitive_and_not_normalised()
    {
        await PutAllAsync(Queue, "a", "A", "%C3%A9", "e%CC%81");

        (await IdsAsync(Queue)).ShouldBe(["a", "A", "é", "e\u0301"]);
        (await GetAsync($"{Queue}/A?detail=body")).Text.ShouldBe("A");
        (await GetAsync($"/v1.0/{Account.ToUpperInvariant()}/q")).Status.ShouldBe(404);
        (await GetAsync($"/v1.0/{Account}/Q")).Status.ShouldBe(404);
    }
}

public sealed class MemoryNameTests(MemoryServer server) : NameTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteNameTests(SqliteServer server) : NameTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppNameTests(FunctionAppServer server) : NameTests(server);
