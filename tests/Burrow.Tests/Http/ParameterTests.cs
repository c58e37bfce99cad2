using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>The values that the query parameters may have (docs/reference/api.md).</summary>
public abstract class ParameterTests(ServerFixture server) : ProtocolTests(server)
{
    private const string Untouched = """[{"id":"m","ttl":0,"hide":0,"body":"x"}]""";

    private static readonly string[] Bad =
    [
        "", "-1", "-0", "%2B1", "+1", "1.5", "1.0", "1e3", "0x1", "abc", "true", "null", "1,000", "%201", "1%20", "1%0A",
        "%D9%A1", "%EF%BC%91", "99999999999999999999999999",
    ];

    [Theory]
    [InlineData("GET", "/v1.0", "limit", int.MaxValue)]
    [InlineData("DELETE", "/v1.0", "limit", int.MaxValue)]
    [InlineData("GET", "/v1.0/{account}", "limit", int.MaxValue)]
    [InlineData("DELETE", "/v1.0/{account}", "limit", int.MaxValue)]
    [InlineData("GET", "/v1.0/{account}/q", "limit", int.MaxValue)]
    [InlineData("POST", "/v1.0/{account}/q", "limit", int.MaxValue)]
    [InlineData("DELETE", "/v1.0/{account}/q", "limit", int.MaxValue)]
    [InlineData("POST", "/v1.0/{account}/q", "ttl", 3_153_600_000)]
    [InlineData("POST", "/v1.0/{account}/q", "hide", 3_153_600_000)]
    [InlineData("PUT", "/v1.0/{account}/q/m", "ttl", 3_153_600_000)]
    [InlineData("PUT", "/v1.0/{account}/q/m", "hide", 3_153_600_000)]
    [InlineData("POST", "/v1.0/{account}/q/m", "ttl", 3_153_600_000)]
    [InlineData("POST", "/v1.0/{account}/q/m", "hide", 3_153_600_000)]
    [InlineData("GET", "/v1.0/{account}/q", "wait", 86_400)]
    [InlineData("POST", "/v1.0/{account}/q", "wait", 86_400)]
    [InlineData("DELETE", "/v1.0/{account}/q", "wait", 86_400)]
    public async Task A_number_is_ascii_digits_from_0_to_its_bound(string method, string path, string parameter, long max)
    {
        var target = path.Replace("{account}", Account, StringComparison.Ordinal);
        await PutAsync($"{Queue}/m?ttl=0");

        foreach (var bad in Bad.Append($"{max + 1}"))
        {
            var answer = await SendAsync(method, $"{target}?{parameter}={bad}");
            answer.ShouldRefuse(parameter, $"{parameter}={bad}");
            answer.Json.GetProperty("detail").GetString()!.ShouldContain(parameter);
            answer.Json.GetProperty("detail").GetString()!.ShouldContain($"{max}");
        }

        (await SendAsync(method, $"{target}?{parameter}")).ShouldRefuse(parameter);
        (await SendAsync(method, $"{target}?{parameter}=1&{parameter}=x")).ShouldRefuse(parameter);
        (await SendAsync(method, $"{target}?{parameter}=x&wait=0&{parameter}=")).ShouldRefuse(parameter);
        (await GetAsync(Queue)).ShouldBeJson(Untouched);
        foreach (var good in new[] { "0", "1", "007", $"{max}", "x&{parameter}=1", "%31" })
        {
            await PutAsync($"{Queue}/m?ttl=0");
            (await SendAsync(method, $"{target}?{parameter}={good.Replace("{parameter}", parameter, StringComparison.Ordinal)}"))
                .Status.ShouldBe(200, $"{parameter}={good}");
        }
    }

    [Theory]
    [InlineData("limit")]
    [InlineData("ttl")]
    [InlineData("hide")]
    [InlineData("wait")]
    public async Task A_digit_and_the_character_nul_are_no_number(string parameter)
    {
        await PutAsync($"{Queue}/m?ttl=0");

        (await PostAsync($"{Queue}?{parameter}=1%00")).ShouldRefuse(parameter);
        (await PostAsync($"{Queue}?{parameter}=%00")).ShouldRefuse(parameter);
        (await GetAsync(Queue)).ShouldBeJson(Untouched);
    }

    [Theory]
    [InlineData("GET", "/v1.0", "none id all")]
    [InlineData("DELETE", "/v1.0", "none id all")]
    [InlineData("GET", "/v1.0/{account}", "none id all")]
    [InlineData("DELETE", "/v1.0/{account}", "none id all")]
    [InlineData("GET", "/v1.0/{account}/q", "none id attributes body all full")]
    [InlineData("POST", "/v1.0/{account}/q", "none id attributes body all full")]
    [InlineData("DELETE", "/v1.0/{account}/q", "none id attributes body all full")]
    [InlineData("GET", "/v1.0/{account}/q/m", "none id attributes body all full")]
    [InlineData("POST", "/v1.0/{account}/q/m", "none id attributes body all full")]
    [InlineData("DELETE", "/v1.0/{account}/q/m", "none id attributes body all full")]
    public async Task Detail_is_one_of_the_words_of_its_route(string method, string path, string allowed)
    {
        var target = path.Replace("{account}", Account, StringComparison.Ordinal);
        await PutAsync($"{Queue}/m?ttl=0");

        var words = new[] { "none", "id", "attributes", "body", "all", "full", "", "ALL", "All", "ids", "x", "all%20", "none,id" };
        foreach (var word in words.Except(allowed.Split(' ')))
            (await SendAsync(method, $"{target}?detail={word}")).ShouldRefuse("detail", word);
        (await SendAsync(method, $"{target}?detail=id&detail=x")).ShouldRefuse("detail");
        (await GetAsync(Queue)).ShouldBeJson(Untouched);

        foreach (var word in allowed.Split(' '))
        {
            await PutAsync($"{Queue}/m?ttl=0");
            (await SendAsync(method, $"{target}?detail=x&detail={word}")).Status.ShouldBe(200, word);
        }
    }

    [Theory]
    [InlineData("GET", "/?limit=x&detail=x&marker=%FF")]
    [InlineData("GET", "/v1.0?ttl=1&hide=1&wait=1&match_hidden=x&after=0000000000000001")]
    [InlineData("GET", "/v1.0/{account}?ttl=1&hide=1&wait=1&match_hidden=x&after=0000000000000001")]
    [InlineData("GET", "/v1.0/{account}/q?ttl=1&hide=1")]
    [InlineData("GET", "/v1.0/{account}/q/m?limit=1&marker=x&match_hidden=x&wait=1&ttl=1&hide=1")]
    [InlineData("PUT", "/v1.0/{account}/q/m?ttl=0&limit=1&marker=x&match_hidden=x&wait=1&detail=all")]
    [InlineData("POST", "/v1.0/{account}/q/m?limit=1&marker=x&match_hidden=x&wait=1")]
    [InlineData("GET", "/v1.0/{account}/q?LIMIT=x&Detail=x&WAIT=x&Marker=zzz&unknown=x&=x&&?&x")]
    [InlineData("GET", "/v1.0/{account}/q?")]
    [InlineData("POST", "/v1.0/{account}/q?Hide=60&TTL=1")]
    public async Task Parameters_that_are_unknown_or_of_other_routes_are_ignored(string method, string path)
    {
        await PutAsync($"{Queue}/m?ttl=0");

        (await SendAsync(method, path.Replace("{account}", Account, StringComparison.Ordinal), method == "PUT" ? "x"u8.ToArray() : null))
            .Status.ShouldBe(200);
        (await GetAsync(Queue)).ShouldBeJson(Untouched);
    }

    [Theory]
    [InlineData("/v1.0/{account}/q/m?limit=1&marker=x&match_hidden=x&wait=1&ttl=1&hide=1")]
    [InlineData("/v1.0/{account}/q?ttl=1&hide=1")]
    [InlineData("/v1.0/{account}?ttl=1&hide=1&wait=1&match_hidden=x&after=0000000000000001")]
    public async Task A_delete_ignores_parameters_that_are_not_its_own(string path)
    {
        await PutAsync($"{Queue}/m");

        (await DeleteAsync(path.Replace("{account}", Account, StringComparison.Ordinal))).ShouldBeEmpty(200);

        (await GetAsync(Queue)).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("GET", "/v1.0", "ttl=x")]
    [InlineData("GET", "/v1.0", "after=x")]
    [InlineData("GET", "/v1.0/{account}", "wait=x")]
    [InlineData("DELETE", "/v1.0/{account}", "hide=x")]
    [InlineData("DELETE", "/v1.0/{account}", "match_hidden=%FF")]
    [InlineData("GET", "/v1.0/{account}/q", "hide=-1")]
    [InlineData("DELETE", "/v1.0/{account}/q", "ttl=x")]
    [InlineData("GET", "/v1.0/{account}/q/m", "limit=abc")]
    [InlineData("GET", "/v1.0/{account}/q/m", "wait=abc")]
    [InlineData("GET", "/v1.0/{account}/q/m", "marker=%FF")]
    [InlineData("PUT", "/v1.0/{account}/q/m", "limit=abc")]
    [InlineData("PUT", "/v1.0/{account}/q/m", "detail=x")]
    [InlineData("POST", "/v1.0/{account}/q/m", "wait=-1")]
    [InlineData("DELETE", "/v1.0/{account}/q/m", "limit=1.5")]
    [InlineData("POST", "/batch/{account}/q", "detail=x")]
    [InlineData("GET", "/stats/{account}/q", "detail=x")]
    [InlineData("GET", "/stats/{account}", "wait=x")]
    public async Task A_parameter_that_is_known_has_a_valid_value_wherever_it_is(string method, string path, string parameter)
    {
        await PutAsync($"{Queue}/m?ttl=0");

        var target = path.Replace("{account}", Account, StringComparison.Ordinal);
        var answer = await SendAsync(method, $"{target}?{parameter}", method == "PUT" ? "x"u8.ToArray() : null);

        answer.ShouldRefuse(parameter[..parameter.IndexOf('=')]);
        (await GetAsync(Queue)).ShouldBeJson(Untouched);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("TRUE", true)]
    [InlineData("tRuE", true)]
    [InlineData("false&match_hidden=true", true)]
    [InlineData("true&match_hidden=false", false)]
    [InlineData("", false)]
    [InlineData("1", false)]
    [InlineData("yes", false)]
    [InlineData("true%20", false)]
    [InlineData("false", false)]
    public async Task Match_hidden_is_true_in_any_case_and_all_else_is_not(string value, bool matches)
    {
        foreach (var method in new[] { "GET", "POST", "DELETE" })
        {
            await PutAsync($"{Queue}/m?hide=60");
            (await SendAsync(method, $"{Queue}?match_hidden={value}")).Status.ShouldBe(matches ? 200 : 404, method);
        }

        (await IdsAsync(Queue)).ShouldBe(matches ? [] : ["m"]);
    }

    [Theory]
    [InlineData("GET", "/v1.0")]
    [InlineData("GET", "/v1.0/{account}")]
    [InlineData("DELETE", "/v1.0/{account}")]
    [InlineData("GET", "/v1.0/{account}/q")]
    [InlineData("DELETE", "/v1.0/{account}/q")]
    public async Task A_marker_that_is_not_utf8_is_400(string method, string path)
    {
        await PutAsync($"{Queue}/m");

        (await SendAsync(method, $"{path.Replace("{account}", Account, StringComparison.Ordinal)}?marker=%FF")).ShouldRefuse("marker");

        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task A_bad_parameter_is_400_where_nothing_is_too()
    {
        (await GetAsync($"{Queue}?limit=x")).ShouldRefuse("limit");
        (await DeleteAsync($"{Queue}?wait=x")).ShouldRefuse("wait");
        (await PostAsync($"{Queue}?hide=x")).ShouldRefuse("hide");
        (await PostAsync($"{Queue}/m?ttl=x")).ShouldRefuse("ttl");
        (await GetAsync($"{Queue}/m?detail=x")).ShouldRefuse("detail");
        (await GetAsync($"/v1.0/{Account}?detail=body")).ShouldRefuse("detail");
        (await PutAsync($"{Queue}/m?hide=-1")).ShouldRefuse("hide");
        (await GetAsync($"{Queue}/m")).Status.ShouldBe(404);
    }
}

public sealed class MemoryParameterTests(MemoryServer server) : ParameterTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteParameterTests(SqliteServer server) : ParameterTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppOfFewAccounts))]
public sealed class FunctionAppParameterTests(FunctionAppServer server) : ParameterTests(server);
