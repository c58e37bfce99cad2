namespace Burrow.Tests.Support;

/// <summary>
/// Sends requests to a server whose clock stands still. A request that meets the timer's work on the same message backs off, and for that
/// the clock must move: it does so a little where a request takes long.
/// </summary>
internal sealed class NudgingHandler(HttpMessageHandler inner, ITestTime time) : DelegatingHandler(inner)
{
    private static readonly TimeSpan LongForOneRequest = TimeSpan.FromSeconds(1);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var sending = base.SendAsync(request, cancellationToken);
        while (await Task.WhenAny(sending, Task.Delay(LongForOneRequest, CancellationToken.None)) != sending)
            time.Advance(TimeSpan.FromMilliseconds(20));
        return await sending;
    }
}
