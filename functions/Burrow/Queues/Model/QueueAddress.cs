namespace Burrow.Queues;

/// <summary>A queue of an account, and the partition of its rows.</summary>
public sealed record QueueAddress
{
    /// <summary>The queue of that name in that account.</summary>
    public QueueAddress(AccountName account, QueueName queue)
    {
        Account = account;
        Queue = queue;
        // No name holds a NUL, so two different pairs of names never give the same text.
        Partition = NameHash.Of($"{account.Value}\0{queue.Value}") + "-0";
    }

    /// <summary>The account.</summary>
    public AccountName Account { get; }

    /// <summary>The queue's name in the account.</summary>
    public QueueName Queue { get; }

    /// <summary>The partition of all its rows: base32(SHA-256(account, NUL, queue)), then the shard. There is one shard.</summary>
    public string Partition { get; }
}
