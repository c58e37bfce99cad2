using System.Net;
using Polly.Timeout;

namespace Burrow.Client;

/// <summary>Sends requests. The handlers of its <see cref="HttpClient"/> send them again where that does no harm.</summary>
internal sealed class Transport(HttpClient http, Uri endpoint, BurrowClientOptions options)
{
    public BurrowClientOptions Options => options;

    public TimeProvider Time { get; } = options.Time ?? TimeProvider.System;

    /// <summary>Sends a request and reads its answer whole.</summary>
    /// <exception cref="BurrowUnavailableException">There was no answer.</exception>
    public async Task<Reply> SendAsync(Call call, CancellationToken cancellationToken)
    {
        using var span = ClientTelemetry.Begin(call, endpoint);
        var begun = Time.GetTimestamp();
        string? error = null;
        var request = call.ToMessage(endpoint);
        try
        {
            var response = await SendAsync(call, request, HttpCompletionOption.ResponseContentRead, cancellationToken)
                .ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            error = response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.NotModified
                ? null
                : ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return new(response, body, call.Method != HttpMethod.Get && RetryRules.IsUncertain(request));
        }
        catch (Exception e)
        {
            error = (e.InnerException ?? e).GetType().FullName;
            throw;
        }
        finally
        {
            ClientTelemetry.End(span, call, error, Time.GetElapsedTime(begun));
        }
    }

    /// <summary>Sends a request whose answer is read as it comes. The caller disposes the answer.</summary>
    /// <exception cref="BurrowUnavailableException">There was no answer.</exception>
    public async Task<HttpResponseMessage> OpenAsync(Call call, CancellationToken cancellationToken)
    {
        var request = call.ToMessage(endpoint);
        return await SendAsync(call, request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(
        Call call, HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        RetryRules.Mark(request, call);
        if (options.Key is { } key)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key.Trim()}");
        try
        {
            return await http.SendAsync(request, completion, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new BurrowUnavailableException($"{endpoint} does not answer: {e.Message}", inner: e)
            {
                IsUncertain = RetryRules.IsUncertain(request) || !RetryRules.IsRefused(e),
            };
        }
        catch (IOException e)
        {
            throw new BurrowUnavailableException($"The answer of {endpoint} ended too early: {e.Message}", inner: e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(BurrowClient), "The client was disposed while the request was under way.");
        }
        catch (TimeoutRejectedException e)
        {
            throw new BurrowUnavailableException($"{endpoint} did not answer in time.", inner: e);
        }
    }
}
