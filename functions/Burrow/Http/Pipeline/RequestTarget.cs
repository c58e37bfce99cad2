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

    /// <summary>Whether the request manages the account: its keys, links, limits or webhooks. It never waits behind messages.</summary>
    public bool Manages { get; private init; }

    /// <summary>
    /// Whether the request may have conditions on receipts. Elsewhere <c>If-Match</c> and <c>If-None-Match</c> are errors.
    /// </summary>
    public bool HasReceipts { get; private init; }

    public static RequestTarget Of(AccountName account, NotFoundException missing) => new(account, missing);

    public static RequestTarget Of(QueueAddress queue, NotFoundException missing) => new(queue.Account, missing) { Queue = queue };

    /// <summary>The keys, links, limits or webhooks of an account.</summary>
    public static RequestTarget OfManagement(AccountName account, NotFoundException missing) => new(account, missing) { Manages = true };

    /// <summary>A batch of changes of messages.</summary>
    public static RequestTarget OfBatch(QueueAddress queue, NotFoundException missing) =>
        new(queue.Account, missing) { Queue = queue, HasReceipts = true };

    /// <summary>A queue's dead messages, or one of them. Links are not for them.</summary>
    public static RequestTarget OfDead(QueueAddress queue, MessageId? id, NotFoundException missing) =>
        new(queue.Account, missing) { Queue = queue, Message = id, HasReceipts = id is not null };

    /// <summary>What became of a message. Links are not for it.</summary>
    public static RequestTarget OfResult(QueueAddress queue, MessageId id, NotFoundException missing) =>
        new(queue.Account, missing) { Queue = queue, Message = id, HasReceipts = true };

    /// <summary>A queue's readers, or one of them.</summary>
    public static RequestTarget OfReader(QueueAddress queue, bool isOne, NotFoundException missing) =>
        new(queue.Account, missing) { Queue = queue, HasReceipts = isOne };

    /// <summary>A queue's messages, or one of them.</summary>
    public static RequestTarget OfMessages(QueueAddress queue, MessageId? id, QueryParameters parameters, NotFoundException missing) =>
        new(queue.Account, missing) { Queue = queue, Message = id, LinkParameters = parameters, HasReceipts = id is not null };
}
