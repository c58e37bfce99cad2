using Burrow.Events.Subscriptions;
using Burrow.Relays;

namespace Burrow.Local.EventGrid;

/// <summary>The usual rules, and also http to this machine, for receivers in development.</summary>
internal sealed class LocalWebhookRules(IReadOnlyCollection<int> ports) : WebhookRules(ports)
{
    /// <inheritdoc/>
    public override Uri Endpoint(string text)
    {
        var uri = Parse(text);
        if (uri.Scheme != Uri.UriSchemeHttp)
            return base.Endpoint(text);
        return Outgoing.IsLoopback(uri)
            ? uri
            : throw Wrong("endpoint is https, or http to localhost or a loopback address.");
    }
}
