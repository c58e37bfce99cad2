using System.Net.Http.Headers;

namespace Burrow.Client;

/// <summary>
/// One attempt of a request, within what sends it again. Its answer is read whole before the attempt counts as answered, so that the
/// attempt's timeout holds for the answer's body too. A stream alone is read by its reader.
/// </summary>
internal sealed class AttemptHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode || !IsStream(response.Content.Headers.ContentType))
                await response.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
            return response;
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            // SocketsHttpHandler tells its connect timeout as a cancellation.
            response?.Dispose();
            throw new HttpRequestException(HttpRequestError.ConnectionError, "No connection could be made in time.", e);
        }
        catch
        {
            response?.Dispose();
            throw;
        }
    }

    private static bool IsStream(MediaTypeHeaderValue? type) => type?.MediaType == "text/event-stream";
}
