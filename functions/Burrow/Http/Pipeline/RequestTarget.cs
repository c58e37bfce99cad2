using Burrow.Queues;

namespace Burrow.Http.Pipeline;

/// <summary>What a request is about, as far as it decides who may ask.</summary>
/// <param name="Account">The account; null: all accounts.</param>
/// <param name="Missing">The error where there is no such account. A key of another account gets the same.</param>
internal sealed record RequestTarget(AccountName? Account, NotFoundException? Missing)
{
    /// <summary>All accounts.</summary>
    public static readonly RequestTarget AllAccounts = new(null, null);

    /// <summary>The queue; null: the account as a whole.</summary>
    public QueueAddress? Queue { get; private init; }

    /// <summary>The message; null: the queue as a whole.</summary>
    public MessageId? Message { get; private init; }

    /// <summary>The parameters, where a link may stand for a key; null: only a key will do.</summary>
    public QueryParameters? LinkParameters { get; private init; }

    public static RequestTarget Of(AccountName account, NotFoundException missing) => new(account, missing);

    public static RequestTarget Of(QueueAddress queue, NotFoundException missing) => new(queue.Account, missing) { Queue = queue };

    /// <summary>A queue's messages, or one of them.</summary>
    public static RequestTarget OfMessages(QueueAddress queue, MessageId? id, QueryParameters parameters, NotFoundException missing) =>
        new(queue.Account, missing) { Queue = queue, Message = id, LinkParameters = parameters };
}
