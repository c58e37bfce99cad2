using System.Collections.Concurrent;

namespace Burrow.Tests.Client;

/// <summary>What does a request: sends it, or does something else.</summary>
internal delegate Task<HttpResponseMessage> FaultAsync(
    HttpRequestMessage request, Func<Task<HttpResponseMessage>> send, CancellationToken cancellationToken);

/// <summary>The line between a client and its service, with the faults that a test makes.</summary>
internal sealed class FaultyHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>The fault of each request; null: none.</summary>
    public FaultAsync? Fault { get; set; }

    /// <summary>The requests that were sent, each attempt: method, path and query.</summary>
    public ConcurrentQueue<string> Sent { get; } = new();

    /// <summary>Makes a fault of the requests, from now on, whose text begins so; of that many of them.</summary>
    public void Make(string beginning, FaultAsync fault, int times = 1)
    {
        var left = times;
        Fault = (request, send, cancellationToken) =>
            TextOf(request).StartsWith(beginning, StringComparison.Ordinal) && Interlocked.Decrement(ref left) >= 0
                ? fault(request, send, cancellationToken)
                : send();
    }

    /// <summary>The request is carried out, and its answer is lost.</summary>
    public static async Task<HttpResponseMessage> LoseAnswerAsync(
        HttpRequestMessage request, Func<Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        (await send()).Dispose();
        throw new HttpRequestException("The answer was lost.");
    }

    /// <summary>The request is lost.</summary>
    public static Task<HttpResponseMessage> LoseAsync(
        HttpRequestMessage request, Func<Task<HttpResponseMessage>> send, CancellationToken cancellationToken) =>
        throw new HttpRequestException("The request was lost.");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Sent.Enqueue(TextOf(request));
        return Fault is { } fault
            ? fault(request, () => base.SendAsync(request, cancellationToken), cancellationToken)
            : base.SendAsync(request, cancellationToken);
    }

    private static string TextOf(HttpRequestMessage request) => $"{request.Method} {request.RequestUri!.PathAndQuery}";
}
