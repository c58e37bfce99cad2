using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Burrow.Client;

/// <summary>Follows a queue by server-sent events (docs/reference/api.md, "Streams"), and goes on after every interruption.</summary>
/// <param name="transport">Sends the requests.</param>
/// <param name="newCall">Makes the request of a stream.</param>
/// <param name="format">Reads the bodies.</param>
internal sealed class StreamFollower<T>(Transport transport, Func<Call> newCall, BodyFormat<T> format)
{
    /// <summary>The service sends a comment every 15 s. A connection on which nothing comes for so long is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    /// <summary>The event that was seen last.</summary>
    private string? last;

    public async IAsyncEnumerable<Message<T>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var pauses = new Pauses(transport); ;)
        {
            if (await TryOpenAsync(cancellationToken).ConfigureAwait(false) is { } response)
            {
                // A stream that ends is no fault: the service ends each one after some time.
                pauses.Reset();
                using var ending = response;
                var stream = new WatchedStream(
                    await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), Silence, transport.Time);
                await using var closing = stream.ConfigureAwait(false);
                var parser = SseParser.Create(stream, (_, data) => JsonSerializer.Deserialize(data, WireJson.Default.WireMessage)!);
                var events = parser.EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
                await using var disposing = events.ConfigureAwait(false);
                while (await MoveNextAsync(events).ConfigureAwait(false))
                {
                    last = events.Current.EventId;
                    yield return new(events.Current.Data, format, last);
                }
            }

            await pauses.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>Null: the service is away.</returns>
    private async Task<HttpResponseMessage?> TryOpenAsync(CancellationToken cancellationToken)
    {
        var call = newCall();
        (call.Accept, call.LastEventId) = ("text/event-stream", last);
        HttpResponseMessage response;
        try
        {
            response = await transport.OpenAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (BurrowUnavailableException)
        {
            return null;
        }

        if (response.IsSuccessStatusCode)
            return response;
        using var ending = response;
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        var error = Problem.Of(new(response, body, isUncertain: false)).ToException();
        return error is BurrowUnavailableException or BurrowBusyException ? null : throw error;
    }

    /// <summary>The next event; false: the stream has ended, or its connection has.</summary>
    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<SseItem<WireMessage>> events)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return false;
        }
        catch (JsonException e)
        {
            throw new BurrowUnavailableException("The answer is not what Burrow answers. Is the address right?", inner: e);
        }
    }
}
