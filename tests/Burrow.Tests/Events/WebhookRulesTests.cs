using Burrow.Events.Subscriptions;

namespace Burrow.Tests.Events;

/// <summary>Which endpoints and headers a subscription may have.</summary>
public sealed class WebhookRulesTests
{
    private readonly WebhookRules rules = new([443, 8443]);

    [Theory]
    [InlineData("https://example.com/")]
    [InlineData("https://example.com")]
    [InlineData("https://hooks.example.com/a/b?c=d&e=%20")]
    [InlineData("https://example.com:8443/hook")]
    [InlineData("https://EXAMPLE.com/Hook")]
    [InlineData("https://xn--bcher-kva.example/")]
    [InlineData("https://a-1.b2.co.uk/")]
    public void An_endpoint_on_the_internet_is_taken_as_it_is_written(string endpoint) =>
        rules.Endpoint(endpoint).OriginalString.ShouldBe(endpoint);

    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("/hook")]
    [InlineData("example.com")]
    [InlineData("")]
    [InlineData("https://")]
    [InlineData("https:///hook")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://169.254.169.254/metadata")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://1.2.3.4.5/")]
    [InlineData("https://a.0x7f/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://%31%32%37.0.0.1/")]
    [InlineData("https://①②⑦.0.0.1/")]
    [InlineData("https://localhost/")]
    [InlineData("https://intranet/hook")]
    [InlineData("https://printer.local/")]
    [InlineData("https://metadata.google.internal/")]
    [InlineData("https://app.localhost/")]
    [InlineData("https://example.com./")]
    [InlineData("https://bücher.example/")]
    [InlineData("https://user@example.com/")]
    [InlineData("https://user:password@example.com/")]
    [InlineData("https://@example.com/")]
    [InlineData("https://example.com:80/")]
    [InlineData("https://example.com:22/")]
    [InlineData("https://example.com/#part")]
    [InlineData("https://example.com/?***")]
    [InlineData("https://example.com\\@evil.example/")]
    [InlineData("https:/\\example.com/")]
    [InlineData(" https://example.com/")]
    [InlineData("https://example.com/ ")]
    [InlineData("https://example.com/a b")]
    [InlineData("https://exa_mple.com/")]
    [InlineData("javascript://example.com/")]
    public void Anything_else_is_refused_by_its_syntax_alone(string endpoint) =>
        Should.Throw<InvalidRequestException>(() => rules.Endpoint(endpoint)).Parameter.ShouldBe("endpoint");

    [Theory]
    [InlineData("Authorization")]
    [InlineData("X-Api-Key")]
    public void A_header_of_the_tenant_is_taken(string name) => WebhookRules.Header(name);

    [Theory]
    [InlineData("Host")]
    [InlineData("host")]
    [InlineData("Content-Type")]
    [InlineData("content-length")]
    [InlineData("aeg-subscription-name")]
    [InlineData("AEG-x")]
    [InlineData("Connection")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Upgrade")]
    [InlineData("TE")]
    [InlineData("Keep-Alive")]
    [InlineData("Proxy-Authorization")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData("a\r\nb")]
    [InlineData("ä")]
    public void Headers_that_belong_to_others_or_are_none_are_refused(string name) =>
        Should.Throw<InvalidRequestException>(() => WebhookRules.Header(name)).Parameter.ShouldBe("headers");
}
