using Burrow.Access;
using Burrow.Queues;
using Microsoft.Extensions.Time.Testing;

namespace Burrow.Tests.Access;

/// <summary>Requests per second, and when refusals are sent.</summary>
public sealed class RequestRateTests
{
    private static readonly AccountName Account = new("a");
    private static readonly AccountLimits Limits = AccountLimits.Of(new QuotasOptions { RequestsPerSecond = 1 }, overrides: null);

    private readonly FakeTimeProvider time = new();
    private readonly RequestRate rate;

    public RequestRateTests() => rate = new(time, new Random(1));

    [Fact]
    public async Task Refusals_are_delayed_after_20_in_a_second()
    {
        await CountAsync(0);
        for (var i = 0; i < AccessLimits.UndelayedRefusalsPerSecond; i++)
            await RefusedAsync(CountAsync(0));

        await DelayedAsync(CountAsync(0));
    }

    [Theory]
    [InlineData(1024 * 1024)]
    [InlineData(long.MaxValue)]
    public async Task The_refusal_of_a_large_body_is_delayed_because_the_server_receives_it_all_the_same(long bytes)
    {
        await CountAsync(0);
        await RefusedAsync(CountAsync(16 * 1024));

        await DelayedAsync(CountAsync(bytes));
    }

    private Task CountAsync(long bodyBytes) =>
        rate.CountAsync(Account, manages: false, Limits, bodyBytes, TestContext.Current.CancellationToken).AsTask();

    private static async Task RefusedAsync(Task counted)
    {
        counted.IsCompleted.ShouldBeTrue();
        await counted.ShouldThrowAsync<TooManyRequestsException>();
    }

    private async Task DelayedAsync(Task counted)
    {
        counted.IsCompleted.ShouldBeFalse();
        time.Advance(AccessLimits.RefusalDelay / 2);
        counted.IsCompleted.ShouldBeFalse();
        time.Advance(AccessLimits.RefusalDelay);
        await counted.ShouldThrowAsync<TooManyRequestsException>();
    }
}
