using Burrow.Queues;

namespace Burrow.Events.Model;

/// <summary>The names that the events of an account have in Event Grid.</summary>
internal static class Topic
{
    /// <summary>The most characters in the name of a domain topic: letters, digits and hyphens.</summary>
    private const int MaxLength = 50;

    /// <summary>
    /// The name of an account's domain topic. It is also the <c>source</c> of its events: on a domain, this is the bare name of the topic.
    /// Accounts are opaque text, so the name is <c>a-</c> and as much of base32(SHA-256(account)) as has room.
    /// </summary>
    public static string Of(AccountName account) =>
        ("a-" + NameHash.Of(account.Value))[..MaxLength];

    /// <summary>
    /// The <c>subject</c> of an event: queue, <c>/</c> and message. Both parts are encoded, so the subjects of one queue are the only ones
    /// that begin with its name and a <c>/</c>.
    /// </summary>
    public static string Subject(QueueName queue, MessageId id) => $"{Encode(queue.Value)}/{Encode(id.Value)}";

    /// <summary>The prefix of the subjects of all events that a subscription to these queues gets.</summary>
    public static string SubjectBegins(QueuePattern queues) => queues.IsPrefix ? Encode(queues.Text) : Encode(queues.Text) + "/";

    /// <summary>The text in percent-encoding; unreserved characters stay as they are (RFC 3986, section 2.3).</summary>
    public static string Encode(string text) => Uri.EscapeDataString(text);
}
