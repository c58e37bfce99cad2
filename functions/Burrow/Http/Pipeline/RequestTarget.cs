using Burrow.Queues;

namespace Burrow.Http.Pipeline;

/// <summary>What a request is about, as far as that decides who may make it.</summary>
/// <param name="Account">The account; null: all accounts.</param>
/// <param name="Missing">The error if the account does not exist. A key of another account gets the same error.</param>
internal sealed record RequestTarget(AccountName? Account, NotFoundException? Missing)
{
    /// <summary>All accounts.</summary>
    public static readonly RequestTarget AllAccounts = new(null, null);

    /// <summary>The queue; null: the account as a whole.</summary>
    public QueueAddress? Queue { get; private init; }

    /// <summary>The message; null: the queue as a whole.</summary>
    public MessageId? Message { get; private init; }

    /// <summary>The parameters, where a link may replace a key; null: only a key is accepted.</summary>
    public QueryParameters? LinkParameters { get; private init; }

    public static RequestTarget Of(AccountName account, NotFoundException missing) => new(account, missing);

    public static RequestTarget Of(QueueAddress queue, NotFoundException missing) => new(queue.Account, missing) { Queue = queue };

    /// <summary>A queue's messages, or one of them.</summary>
    public static RequestTarget OfMessages(QueueAddress queue, MessageId? id, QueryParameters parameters, NotFoundException missing) =>
        new(queue.Account, missing) { Queue = queue, Message = id, LinkParameters = parameters };
}
