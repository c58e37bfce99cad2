using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Azure.Core;
using Burrow.Events.Model;
using Burrow.Events.Subscriptions;

namespace Burrow.Events.EventGrid;

/// <summary>
/// Creates, updates, gets and deletes event subscriptions of domain topics, by Event Grid's management REST API ("Domain Topic Event
/// Subscriptions", 2025-02-15). Event Grid creates and removes topics with their subscriptions.
/// </summary>
/// <param name="http">Sends the requests; follows no redirects.</param>
/// <param name="options">Where the domain is.</param>
/// <param name="credential">This process's identity; null: the key of the options is sent instead.</param>
internal sealed class EventGridManagement(HttpClient http, EventsOptions options, TokenCredential? credential)
{
    private const string ApiVersion = "2025-02-15";

    private static readonly string[] Scopes = ["https://management.azure.com/.default"];

    /// <summary>Creates or replaces an event subscription.</summary>
    /// <param name="subscription">What the tenant asks for.</param>
    /// <param name="headers">The subscription's headers, with their values.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<ManagementAnswer> PutAsync(
        Subscription subscription, IReadOnlyDictionary<string, string> headers, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, UriOf(subscription), EventSubscriptionJson.Write(subscription, headers, options), cancellationToken);

    /// <summary>How an event subscription stands.</summary>
    public Task<ManagementAnswer> GetAsync(Subscription subscription, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, UriOf(subscription), null, cancellationToken);

    /// <summary>Removes an event subscription. The outcome is <see cref="ManagementOutcome.Missing"/> if it does not exist.</summary>
    public Task<ManagementAnswer> DeleteAsync(Subscription subscription, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, UriOf(subscription), null, cancellationToken);

    /// <summary>
    /// How an earlier request ended. The outcome is <see cref="ManagementOutcome.Missing"/> if the operation can't be read. Then the event
    /// subscription itself shows the same.
    /// </summary>
    public async Task<ManagementAnswer> OperationAsync(string operation, CancellationToken cancellationToken)
    {
        // The address comes from a response. The process sends its token only to the authority that it sent it to before.
        if (!Uri.TryCreate(operation, UriKind.Absolute, out var uri)
            || uri.GetLeftPart(UriPartial.Authority) != options.Domain!.GetLeftPart(UriPartial.Authority))
        {
            return new(ManagementOutcome.Missing);
        }

        // Operations are outside the domain's resource group, and this process's identity may have no role there.
        return await SendAsync(HttpMethod.Get, uri, null, cancellationToken) is { IsForbidden: false } answer
            ? answer
            : new(ManagementOutcome.Missing);
    }

    private Uri UriOf(Subscription subscription) => new(
        $"{options.Domain!.AbsoluteUri.TrimEnd('/')}/topics/{Topic.Of(subscription.Account)}"
        + $"/providers/Microsoft.EventGrid/eventSubscriptions/{subscription.Name}?api-version={ApiVersion}");

    private async Task<ManagementAnswer> SendAsync(HttpMethod method, Uri uri, byte[]? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, uri);
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            if (credential is null)
            {
                request.Headers.Add("aeg-sas-key", options.Key);
            }
            else
            {
                request.Headers.Authorization = new(
                    "Bearer", (await credential.GetTokenAsync(new TokenRequestContext(Scopes), cancellationToken)).Token);
            }

            using var response = await http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return Read(response, text);
        }
        catch (Exception e) when (e is HttpRequestException or Azure.RequestFailedException or Azure.Identity.AuthenticationFailedException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new(ManagementOutcome.Later) { IsUnreachable = true };
        }
    }

    private static ManagementAnswer Read(HttpResponseMessage response, byte[] text)
    {
        var operation = response.Headers.TryGetValues("Azure-AsyncOperation", out var values) ? values.First() : null;
        var retryAfter = response.Headers.RetryAfter?.Delta;
        var (state, reason, label) = EventSubscriptionJson.Read(text);
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound when response.RequestMessage?.Method == HttpMethod.Put:
                return new(ManagementOutcome.Failed, "This service's Event Grid domain isn't there.");
            case HttpStatusCode.NotFound:
                return new(ManagementOutcome.Missing);
            // Event Grid refused this service, not the tenant: its identity or roles are wrong. The operator must correct them, and only
            // the operator may know of it.
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                return new(ManagementOutcome.Later, null, null, retryAfter) { IsForbidden = true };
            case HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
                or >= HttpStatusCode.InternalServerError:
                return new(ManagementOutcome.Later, null, null, retryAfter);
            case HttpStatusCode.BadRequest:
                return new(ManagementOutcome.Failed, reason ?? "Event Grid refused it.");
            case > HttpStatusCode.BadRequest:
                return new(
                    ManagementOutcome.Failed, $"Event Grid answered {((int)response.StatusCode).ToString(CultureInfo.InvariantCulture)}.");
        }

        return state switch
        {
            "Succeeded" => new(ManagementOutcome.Done, null, operation, retryAfter, label),
            "Failed" or "Canceled" or "AwaitingManualAction" => new(
                ManagementOutcome.Failed, reason ?? $"Event Grid says {state}.", operation, retryAfter, label),
            null when response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NoContent => new(ManagementOutcome.Done),
            _ => new(ManagementOutcome.UnderWay, reason, operation, retryAfter, label),
        };
    }
}
