using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Burrow.Client;

/// <summary>Which requests are sent again, and when. The pauses and their jitter are Polly's.</summary>
internal static class RetryRules
{
    private static readonly HttpRequestOptionsKey<Repeat> RepeatKey = new("burrow.repeat");
    private static readonly HttpRequestOptionsKey<TimeSpan> WaitKey = new("burrow.wait");
    private static readonly HttpRequestOptionsKey<TimeSpan?> TimeoutKey = new("burrow.timeout");
    private static readonly HttpRequestOptionsKey<bool> UncertainKey = new("burrow.uncertain");

    /// <summary>The pause between two attempts is at most this, if the service names none.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A request waits no longer than this because the service says so. Its caller is told, who knows what else to do.
    /// </summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>Says of a request how it may be repeated.</summary>
    public static void Mark(HttpRequestMessage request, Call call)
    {
        request.Options.Set(RepeatKey, call.Repeat);
        request.Options.Set(WaitKey, call.Wait);
        request.Options.Set(TimeoutKey, call.AttemptTimeout);
    }

    /// <summary>Whether an attempt may have been carried out before the last one.</summary>
    public static bool IsUncertain(HttpRequestMessage request) => request.Options.TryGetValue(UncertainKey, out var uncertain) && uncertain;

    /// <summary>After how long the service wants to be asked again; null: it does not say.</summary>
    public static TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // By the service's own clock, if it tells that.
        { Date: { } date } => NotNegative(date - (response.Headers.Date ?? DateTimeOffset.UtcNow)),
        _ => null,
    };

    /// <summary>Whether an attempt that failed so surely changed nothing: the service could not be reached.</summary>
    public static bool IsRefused(Exception exception) => exception is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
    };

    /// <summary>Builds what sends requests again.</summary>
    public static void Configure(ResiliencePipelineBuilder<HttpResponseMessage> builder, BurrowClientOptions options)
    {
        builder.TimeProvider = options.Time;
        if (options.MaxRetries > 0)
        {
            builder.AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = MaxDelay,
                ShouldRetryAfterHeader = true,
                ShouldHandle = arguments => ValueTask.FromResult(MayRepeat(arguments)),
                OnRetry = arguments =>
                {
                    if (!IsRefused(arguments.Outcome))
                        arguments.Context.GetRequestMessage()!.Options.Set(UncertainKey, true);
                    return default;
                },
            });
        }

        builder.AddTimeout(new HttpTimeoutStrategyOptions
        {
            TimeoutGenerator = arguments =>
            {
                var request = arguments.Context.GetRequestMessage()!.Options;
                var attempt = request.TryGetValue(TimeoutKey, out var timeout) && timeout is { } own ? own : options.AttemptTimeout;
                return ValueTask.FromResult(attempt + (request.TryGetValue(WaitKey, out var wait) ? wait : TimeSpan.Zero));
            },
        });
    }

    private static bool MayRepeat(RetryPredicateArguments<HttpResponseMessage> arguments)
    {
        var repeat = arguments.Context.GetRequestMessage()!.Options.TryGetValue(RepeatKey, out var rule) ? rule : Repeat.Never;
        if (repeat == Repeat.Never
            || arguments.Context.CancellationToken.IsCancellationRequested
            || (arguments.Outcome.Result is { } answer && RetryAfterOf(answer) > MaxRetryAfter))
        {
            return false;
        }

        return IsRefused(arguments.Outcome)
            || (repeat == Repeat.Always
                && (arguments.Outcome.Exception is HttpRequestException or TimeoutRejectedException or IOException
                    || arguments.Outcome.Result?.StatusCode is HttpStatusCode.RequestTimeout
                        or HttpStatusCode.InternalServerError
                        or HttpStatusCode.BadGateway
                        or HttpStatusCode.ServiceUnavailable
                        or HttpStatusCode.GatewayTimeout));
    }

    /// <summary>Whether the attempt surely changed nothing: the service was busy, or could not be reached.</summary>
    private static bool IsRefused(Outcome<HttpResponseMessage> outcome) =>
        outcome.Result?.StatusCode == HttpStatusCode.TooManyRequests
        || (outcome.Exception is { } exception && IsRefused(exception));

    private static TimeSpan NotNegative(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
