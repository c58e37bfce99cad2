using Burrow.Events.Subscriptions;
using CsCheck;

namespace Burrow.Tests.Events;

/// <summary>What is shown of an endpoint whose query is its secret.</summary>
public sealed class EndpointQueryTests
{
    private const string Endpoint = "https://hooks.example.com/a?code=S3cr%2Bt/Key==&v=1";

    [Theory]
    [InlineData("https://example.com/hook", "https://example.com/hook")]
    [InlineData("https://example.com", "https://example.com")]
    [InlineData("https://example.com/hook?code=abc", "https://example.com/hook?***")]
    [InlineData("https://example.com?code=abc", "https://example.com?***")]
    [InlineData("https://example.com/a?b?c=d", "https://example.com/a?***")]
    [InlineData("https://example.com/a?", "https://example.com/a?***")]
    [InlineData("https://example.com/a?***", "https://example.com/a?***")]
    [InlineData("https://example.com/a?****", "https://example.com/a?***")]
    [InlineData("https://example.com/a%3Fb", "https://example.com/a%3Fb")]
    public void An_endpoint_is_shown_without_its_query(string endpoint, string shown)
    {
        EndpointQuery.Masked(new(endpoint)).OriginalString.ShouldBe(shown);
        EndpointQuery.Of(EndpointQuery.Masked(new(endpoint))).ShouldBeNull();
    }

    [Theory]
    [InlineData("It failed.", "It failed.")]
    [InlineData("It failed at https://hooks.example.com/a: 404.", "It failed at https://hooks.example.com/a: 404.")]
    [InlineData($"It failed at {Endpoint}", "It failed at https://hooks.example.com/a?***")]
    [InlineData($"It failed at '{Endpoint}': 404", "It failed at 'https://hooks.example.com/a?***': 404")]
    [InlineData("It failed at HTTPS://HOOKS.EXAMPLE.COM/a?code=s3CR%2bt/key==&v=1", "It failed at HTTPS://HOOKS.EXAMPLE.COM/a?***")]
    [InlineData("No http://other.example/?token=1 here", "No http://other.example/?*** here")]
    [InlineData("GET /a?code=S3cr%2Bt/Key==&v=1 answered 404", "GET /a?*** answered 404")]
    [InlineData("GET /a?v=1&code=S3cr%2Bt/Key== answered 404", "GET /a?***&*** answered 404")]
    [InlineData("The code S3cr%2Bt/Key== is wrong", "The code *** is wrong")]
    [InlineData("The code S3cr+t/Key== is wrong, of 1", "The code *** is wrong, of 1")]
    [InlineData("The code S3cr%252Bt%2FKey%3D%3D is wrong", "The code *** is wrong")]
    public void A_text_that_quotes_it_is_shown_without_it(string text, string shown) =>
        EndpointQuery.MaskIn(text, new(Endpoint)).ShouldBe(shown);

    [Fact]
    public void No_value_of_a_query_is_left_in_a_text() => Gen.Select(
        Gen.String[Gen.Char["ABCxyz0189-_.~!$'()*,:@/%+ü\" <>&=?"], 4, 30],
        Gen.String[Gen.Char["abc =&?:/.'\""], 0, 20],
        Gen.Int[0, 5]).Sample((secret, around, how) =>
    {
        var value = Uri.EscapeDataString(secret);
        var endpoint = new Uri($"https://example.com/hook?v=1&code={value}");
        var quoted = how switch
        {
            0 => endpoint.OriginalString,
            1 => endpoint.AbsoluteUri,
            2 => endpoint.Query,
            3 => secret,
            4 => value,
            _ => Uri.EscapeDataString(value),
        };

        var shown = EndpointQuery.MaskIn($"{around}{quoted}{around}", endpoint);

        foreach (var form in new[] { secret, value, Uri.EscapeDataString(value) }.Where(form => !around.Contains(form)))
            Without(shown, around).ShouldNotContain(form, Case.Insensitive);
    });

    /// <summary>A text without what stood around the secret, where the same characters may occur.</summary>
    private static string Without(string text, string around) =>
        around.Length > 0 ? text.Replace(around, "|", StringComparison.Ordinal) : text;
}
