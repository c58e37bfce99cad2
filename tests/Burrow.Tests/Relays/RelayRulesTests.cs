using System.Net;
using Burrow.Relays;

namespace Burrow.Tests.Relays;

/// <summary>Where relays may send to (docs/security.md).</summary>
public sealed class RelayRulesTests
{
    [Theory]
    [InlineData("https://b.example.org", "https://b.example.org")]
    [InlineData("https://B.Example.org/", "https://b.example.org")]
    [InlineData("https://x.y.example.net", "https://x.y.example.net")]
    [InlineData("https://b.example.org:8443", "https://b.example.org:8443")]
    public void A_host_that_is_allowed_is_taken(string text, string expected) =>
        Rules().Parse(text).GetLeftPart(UriPartial.Authority).ShouldBe(expected);

    [Theory]
    [InlineData("http://b.example.org")]
    [InlineData("https://example.net")]
    [InlineData("https://b.example.org.evil.example")]
    [InlineData("https://evil-example.net")]
    [InlineData("https://c.example.org")]
    [InlineData("https://b.example.org:22")]
    [InlineData("https://b.example.org@evil.example")]
    [InlineData("https://b.example.org/path")]
    [InlineData("https://b.example.org?x")]
    [InlineData("https://b.example.org#x")]
    [InlineData("https://b.example.org\\@evil.example")]
    [InlineData("https://127.0.0.1")]
    [InlineData("https://[::1]")]
    [InlineData("https://2130706433")]
    [InlineData("https://0x7f.1")]
    [InlineData("https://localhost")]
    [InlineData("http://localhost:7071")]
    [InlineData("https://ｂ.example.org")]
    [InlineData("file:///etc/passwd")]
    [InlineData("b.example.org")]
    [InlineData("")]
    public void Anything_else_is_refused(string text) =>
        Should.Throw<InvalidRequestException>(() => Rules().Parse(text)).Parameter.ShouldBe("to");

    [Theory]
    [InlineData("http://localhost:7071")]
    [InlineData("http://127.0.0.1:80")]
    [InlineData("http://[::1]:7071")]
    public void The_local_process_may_send_to_its_machine(string text) =>
        new RelayRules([], [443], allowsLoopback: true).Parse(text).Port.ShouldNotBe(443);

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.9.9.9", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("0.1.2.3", false)]
    [InlineData("::", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("168.63.129.16", false)]
    [InlineData("fe80::1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("10.0.0.4", true)]
    [InlineData("20.50.1.1", true)]
    [InlineData("2603:1030::1", true)]
    public void A_name_that_leads_to_this_machine_is_refused_when_it_connects(string address, bool allowed) =>
        RelayRules.IsOutside(IPAddress.Parse(address)).ShouldBe(allowed);

    [Fact]
    public async Task Also_a_host_that_is_allowed_is_looked_up_again_when_it_connects()
    {
        using var http = HttpRelayWire.NewClient(new(["localhost"], [443], allowsLoopback: false));

        var refused = await Should.ThrowAsync<HttpRequestException>(
            () => http.GetAsync(new Uri("https://localhost/"), TestContext.Current.CancellationToken));

        refused.ToString().ShouldContain("no address that a relay may send to");
    }

    private static RelayRules Rules() => new(["b.example.org", "*.example.net"], [443, 8443], allowsLoopback: false);
}
