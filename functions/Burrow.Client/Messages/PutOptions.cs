namespace Burrow.Client;

/// <summary>What is stored with a message.</summary>
public sealed record PutOptions
{
    /// <summary>The priority of a message that names none.</summary>
    public const int DefaultPriority = 4;

    /// <summary>
    /// The id: 1 to 512 bytes of UTF-8. Null: the client makes one, so that the put may be sent again after its answer was lost.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>
    /// Whether the put fails if the id exists (<see cref="BurrowConflictException"/>), rather than replacing the message. Only such a put
    /// with an id may be sent again after its answer was lost. It then fails as well if it was itself what stored the message.
    /// </summary>
    public bool OnlyIfNew { get; init; }

    /// <summary>The receipt that the message to be replaced must have; null: any.</summary>
    public string? Receipt { get; init; }

    /// <summary>How long it lives; <see cref="Timeout.InfiniteTimeSpan"/>: for ever; null: as the queue's policy says.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>For how long it is hidden first; null: as the queue's policy says.</summary>
    public TimeSpan? Hide { get; init; }

    /// <summary>0 to 9, higher first; null: 4, or that of the message that it replaces.</summary>
    public int? Priority { get; init; }

    /// <summary>The group: its messages are handed out in order, one at a time. 1 to 128 bytes; null: none.</summary>
    public string? Group { get; init; }

    /// <summary>For how long after its end it is kept what became of it; null: not at all.</summary>
    public TimeSpan? Result { get; init; }

    /// <summary>The content type; null: that of the queue's bodies.</summary>
    public string? ContentType { get; init; }
}

/// <summary>A message that was stored.</summary>
/// <param name="Id">Its id.</param>
/// <param name="IsNew">Whether it is new; otherwise it replaced one.</param>
/// <param name="Receipt">Its receipt; null: not known, because an earlier answer was lost, or the number was stored before.</param>
public sealed record PutResult(string Id, bool IsNew, string? Receipt)
{
    /// <summary>Whether its producer had stored this number before, so that nothing was stored now.</summary>
    public bool IsDuplicate { get; init; }
}

/// <summary>A message for a batch.</summary>
/// <param name="Body">The body.</param>
/// <param name="Options">What is stored with it; null: nothing.</param>
public sealed record NewMessage<T>(T Body, PutOptions? Options = null);

/// <summary>What became of one message of a batch.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">The status that the single request would have had, or <see cref="NotSent"/>.</param>
/// <param name="Receipt">Its receipt; null: nothing was done, or the receipt is not known.</param>
/// <param name="Error">Why nothing was done; null: it was.</param>
public sealed record BatchResult(string Id, int Status, string? Receipt, string? Error)
{
    /// <summary>The status of a message that was not sent, because a batch before it failed.</summary>
    public const int NotSent = 0;

    /// <summary>Whether it was stored, changed or deleted.</summary>
    public bool IsDone => Error is null;

    /// <summary>Whether it is not known if it was stored, changed or deleted: the service or its storage did not answer.</summary>
    public bool IsUncertain => Status is >= 500 and not 507;
}
