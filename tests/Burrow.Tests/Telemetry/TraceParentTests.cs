using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Telemetry;

/// <summary>A message keeps the trace that it comes from, whether this process is traced or not.</summary>
public abstract class TraceParentTests(ServerFixture server) : ProtocolTests(server)
{
    private const string Sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task It_stays_with_the_message_through_claims_and_updates_and_changes_with_a_replace()
    {
        await PutAsync($"{Queue}/1?ttl=0", "x", ("traceparent", Sent));
        (await ShownAsync()).ShouldBe(Sent);
        TraceParentOf((await PostAsync($"{Queue}?limit=1&hide=60&detail=full")).Json[0]).ShouldBe(Sent);
        await PostAsync($"{Queue}/1?hide=0&ttl=60");
        (await ShownAsync()).ShouldBe(Sent);
        var other = Sent.Replace("0af7", "1af7");
        await PutAsync($"{Queue}/1?ttl=0", new string('x', 100_000), ("traceparent", other));
        (await ShownAsync()).ShouldBe(other);
        await PutAsync($"{Queue}/1?ttl=0");
        (await ShownAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Every_put_of_a_batch_has_that_of_the_request()
    {
        await SendAsync(
            "POST",
            $"/batch/{Account}/q",
            Encoding.UTF8.GetBytes("""[{"id":"1"},{"id":"2","ttl":0}]"""),
            ("Content-Type", "application/json"),
            ("traceparent", Sent));
        var all = await GetAsync($"{Queue}?detail=full");
        all.Json.EnumerateArray().Select(TraceParentOf).ShouldBe([Sent, Sent]);
    }

    [Theory]
    [InlineData("00", null)]
    [InlineData("01", Sent)]
    [InlineData("02", null)]
    [InlineData("03", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03")]
    public async Task It_is_kept_only_if_it_is_sampled(string flags, string? kept)
    {
        (await PutAsync($"{Queue}/1?ttl=0", "x", ("traceparent", Sent[..^2] + flags))).Status.ShouldBe(201);
        (await ShownAsync()).ShouldBe(kept);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-and-more")]
    [InlineData("zz-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public async Task What_is_not_well_formed_is_as_good_as_absent(string sent)
    {
        (await PutAsync($"{Queue}/1?ttl=0", "x", ("traceparent", sent))).Status.ShouldBe(201);
        (await ShownAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData("00_0af7651916cd43dd8448eb211c80319c<b7ad6b7169203331\"01")]
    [InlineData("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public async Task It_is_spelt_as_version_00_whatever_the_parser_let_through(string sent)
    {
        (await PutAsync($"{Queue}/1?ttl=0", "x", ("traceparent", sent))).Status.ShouldBe(201);
        (await ShownAsync()).ShouldBeOneOf(Sent, null);
    }

    [Fact]
    public async Task Other_details_show_as_little_as_ever()
    {
        await PutAsync($"{Queue}/1?ttl=0", "x", ("traceparent", Sent));
        (await GetAsync($"{Queue}/1")).ShouldBeJson("""{"id":"1","ttl":0,"hide":0,"body":"x"}""");
        (await GetAsync($"{Queue}?detail=attributes")).ShouldBeJson("""[{"id":"1","ttl":0,"hide":0}]""");
    }

    private async Task<string?> ShownAsync() => TraceParentOf((await GetAsync($"{Queue}/1?detail=full")).Json);

    /// <summary>
    /// What a message shows. The Functions host passes on its own span of the same trace; it counts as the one that the test sent.
    /// </summary>
    private string? TraceParentOf(JsonElement message)
    {
        var shown = message.TryGetProperty("traceparent", out var member) ? member.GetString() : null;
        return IsBehindHost && shown is { Length: 55 } ? $"{shown[..36]}{Sent[36..52]}{shown[52..]}" : shown;
    }
}

public sealed class MemoryTraceParentTests(MemoryServer server) : TraceParentTests(server), IClassFixture<MemoryServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppTraceParentTests(FunctionAppServer server) : TraceParentTests(server);
