using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Burrow.Events.Model;

/// <summary>
/// The section <c>Burrow:Events</c>. Without <see cref="TopicEndpoint"/> there are no subscriptions: requests for them get 501.
/// </summary>
public sealed class EventsOptions
{
    /// <summary>
    /// Where events are published: the domain's endpoint, <c>https://{domain}.{region}-1.eventgrid.azure.net/api/events</c>.
    /// </summary>
    public Uri? TopicEndpoint { get; set; }

    /// <summary>
    /// The domain's resource at the management endpoint:
    /// <c>https://management.azure.com/subscriptions/…/resourceGroups/…/providers/Microsoft.EventGrid/domains/{domain}</c>.
    /// </summary>
    public Uri? Domain { get; set; }

    /// <summary>The key for requests to the domain and to its management endpoint. If absent, the process uses its identity.</summary>
    public string? Key { get; set; }

    /// <summary>
    /// Where tenants reach this service. It is in the URL of a body that is too large for its event, and it is the signatures' issuer.
    /// </summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>
    /// The private keys that sign events: PEM (PKCS#8, P-256), one after another. The first signs; the public keys of all are published.
    /// </summary>
    public string? SigningKeys { get; set; }

    /// <summary>The ports that a subscription's endpoint may have, separated by commas.</summary>
    [RegularExpression("^[0-9]{1,5}(,[0-9]{1,5})*$")]
    public string AllowedPorts { get; set; } = "443";

    /// <summary>
    /// Blob container for events that Event Grid could not deliver, in <see cref="DeadLetterAccount"/>. If absent, Event Grid drops them.
    /// </summary>
    public string? DeadLetterContainer { get; set; }

    /// <summary>Resource id of the storage account that has <see cref="DeadLetterContainer"/>.</summary>
    public string? DeadLetterAccount { get; set; }

    /// <summary>When the timer visits subscriptions, as NCRONTAB (with seconds). The Functions host reads this setting.</summary>
    [Required]
    public string ReconcileSchedule { get; set; } = "30 * * * * *";

    internal IEnumerable<int> Ports => AllowedPorts.Split(',').Select(port => int.Parse(port, CultureInfo.InvariantCulture));

    internal bool IsOn => TopicEndpoint is not null;
}
