using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Burrow.Events.Model;

/// <summary>The section <c>Burrow:Events</c>. Without <see cref="TopicEndpoint"/> there are no subscriptions: 503.</summary>
public sealed class EventsOptions
{
    /// <summary>Where events are published: the domain's endpoint, <c>https://{domain}.{region}-1.eventgrid.azure.net/api/events</c>.</summary>
    public Uri? TopicEndpoint { get; set; }

    /// <summary>The domain's resource at the management endpoint: <c>https://management.azure.com/subscriptions/…/resourceGroups/…/providers/Microsoft.EventGrid/domains/{domain}</c>.</summary>
    public Uri? Domain { get; set; }

    /// <summary>The domain's key, and the one that management is asked with; absent: this process's identity.</summary>
    public string? Key { get; set; }

    /// <summary>Where tenants reach this service, for the URL of a body that is too large for its event, and as the signatures' issuer.</summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>Private keys that events are signed with, PEM (PKCS#8, P-256), one after another. The first signs; all are published.</summary>
    public string? SigningKeys { get; set; }

    /// <summary>Ports of endpoints, separated by commas.</summary>
    [RegularExpression("^[0-9]{1,5}(,[0-9]{1,5})*$")]
    public string AllowedPorts { get; set; } = "443";

    /// <summary>Blob container of the storage account for events that could not be delivered; absent: those are dropped.</summary>
    public string? DeadLetterContainer { get; set; }

    /// <summary>Resource id of the storage account that <see cref="DeadLetterContainer"/> is in.</summary>
    public string? DeadLetterAccount { get; set; }

    /// <summary>When subscriptions are looked after, as NCRONTAB (with seconds). Read by the Functions host itself.</summary>
    [Required]
    public string ReconcileSchedule { get; set; } = "30 * * * * *";

    internal IEnumerable<int> Ports => AllowedPorts.Split(',').Select(port => int.Parse(port, CultureInfo.InvariantCulture));

    internal bool IsOn => TopicEndpoint is not null;
}
