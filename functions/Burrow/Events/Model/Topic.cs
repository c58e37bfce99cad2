using Burrow.Queues;

namespace Burrow.Events.Model;

/// <summary>What events of an account go by in Event Grid.</summary>
internal static class Topic
{
    /// <summary>Letters, digits and hyphens in the name of a domain topic.</summary>
    private const int MaxLength = 50;

    /// <summary>
    /// An account's domain topic, and the <c>source</c> of its events, which on a domain is the bare name of the topic. Accounts
    /// are opaque text; so <c>a-</c> and as much of base32(SHA-256(account)) as there is room for.
    /// </summary>
    public static string Of(AccountName account) =>
        ("a-" + NameHash.Of(account.Value))[..MaxLength];

    /// <summary>The <c>subject</c> of an event: queue and message, so that a queue's name with a <c>/</c> behind it begins no other queue's.</summary>
    public static string Subject(QueueName queue, MessageId id) => $"{Encode(queue.Value)}/{Encode(id.Value)}";

    /// <summary>What the subjects of events begin with that a subscription is for.</summary>
    public static string SubjectBegins(QueuePattern queues) => queues.IsPrefix ? Encode(queues.Text) : Encode(queues.Text) + "/";

    /// <summary>Percent-encoded, but for unreserved characters (RFC 3986, section 2.3).</summary>
    public static string Encode(string text) => Uri.EscapeDataString(text);
}
