namespace Burrow.Client;

/// <summary>What a queue or an account holds, and what was done to it since it was opened. The numbers are approximate.</summary>
public record MessageStatistics
{
    /// <summary>Messages that are not dead.</summary>
    public long Messages { get; init; }

    /// <summary>Of these, those that are visible.</summary>
    public long Visible { get; init; }

    /// <summary>Of these, those that are hidden, claimed ones among them.</summary>
    public long Hidden { get; init; }

    /// <summary>Dead messages.</summary>
    public long Dead { get; init; }

    /// <summary>Bytes of all bodies.</summary>
    public long Bytes { get; init; }

    /// <summary>The age of the oldest visible message, in seconds; null: none is visible.</summary>
    public double? OldestVisibleAge { get; init; }

    /// <summary>Messages that were put.</summary>
    public long Inserted { get; init; }

    /// <summary>Deliveries.</summary>
    public long Claimed { get; init; }

    /// <summary>Messages that were deleted.</summary>
    public long Deleted { get; init; }

    /// <summary>Messages that expired.</summary>
    public long Expired { get; init; }
}

/// <summary>The statistics of a queue.</summary>
public sealed record QueueStatistics : MessageStatistics
{
    /// <summary>The queue.</summary>
    public required string Queue { get; init; }
}

/// <summary>The statistics of an account.</summary>
public sealed record AccountStatistics : MessageStatistics
{
    /// <summary>The account.</summary>
    public required string Account { get; init; }

    /// <summary>How many queues it has.</summary>
    public long QueueCount { get; init; }

    /// <summary>Its first queues, by name.</summary>
    public IReadOnlyList<QueueStatistics> Queues { get; init; } = [];
}

/// <summary>How queues behave. For a queue, only the policy with the longest match holds.</summary>
public sealed record Policy
{
    /// <summary>The name: 1 to 64 of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Which queues: a name, a beginning and <c>*</c>, or <c>*</c>.</summary>
    public required string Queues { get; init; }

    /// <summary>How long messages live that name no ttl, in seconds; 0: for ever; null: as the service's setting says.</summary>
    public long? Ttl { get; init; }

    /// <summary>For how long new messages are hidden, in seconds; null: as the service's setting says.</summary>
    public long? Hide { get; init; }

    /// <summary>How often a message is delivered before it dies, 1 to 1,000; null: without bound.</summary>
    public int? MaxDeliveries { get; init; }

    /// <summary>How long a dead message is kept, in seconds; 0: for ever; null: 14 days.</summary>
    public long? DeadTtl { get; init; }

    /// <summary>For how long a failed message is hidden, in seconds, by delivery. The last one repeats. At most 32.</summary>
    public IReadOnlyList<long> RetryDelays { get; init; } = [];

    /// <summary>How many messages a queue holds at most; 0: without bound.</summary>
    public long MaxMessages { get; init; }

    /// <summary>How many messages of a group are handed out at a time, 1 to 1,000.</summary>
    public int GroupConcurrency { get; init; } = 1;

    /// <summary><c>continue</c>, or <c>halt</c>: a dead message holds its group back.</summary>
    public string GroupOnDead { get; init; } = "continue";

    /// <summary>Whether claims and takes find nothing.</summary>
    public bool Paused { get; init; }
}

/// <summary>A key of an account.</summary>
public sealed record Key
{
    /// <summary>The name: 1 to 64 of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its id, which stands in logs.</summary>
    public string? Id { get; init; }

    /// <summary>The key itself: only in the answer that makes it.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("key")]
    public string? Secret { get; init; }

    /// <summary>For which queues: a name, a beginning and <c>*</c>, or <c>*</c>.</summary>
    public string Queues { get; init; } = "*";

    /// <summary>What it allows, as docs/reference/permissions.md lists it.</summary>
    public required IReadOnlyList<string> Allow { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Until when it is good; null: for ever.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was used last, to about an hour; null: never.</summary>
    public DateTimeOffset? Used { get; init; }

    /// <summary>Its name, and not its secret, as the text may stand in a log.</summary>
    public override string ToString() => $"Key {Name}";
}

/// <summary>What a link is to allow.</summary>
public sealed record LinkRequest
{
    /// <summary><c>GET</c>, <c>PUT</c>, <c>POST</c> or <c>DELETE</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>The message; null: the queue's messages.</summary>
    public string? Id { get; init; }

    /// <summary>Of each parameter what it must be, or null if it may be anything. Others are refused.</summary>
    public IReadOnlyDictionary<string, string?>? Parameters { get; init; }

    /// <summary>Until when it is good.</summary>
    public required DateTimeOffset Expires { get; init; }
}

/// <summary>A link.</summary>
/// <param name="Method">The method to use it with.</param>
/// <param name="Url">The address. All who have it may use it.</param>
/// <param name="Expires">Until when it is good.</param>
public sealed record Link(string Method, Uri Url, DateTimeOffset Expires)
{
    /// <summary>What it is for, without what allows it, as the text may stand in a log.</summary>
    public override string ToString() => $"{Method} {Url.GetLeftPart(UriPartial.Path)}";
}

/// <summary>A group of messages that are handed out in order.</summary>
public sealed record GroupState
{
    /// <summary>Its name.</summary>
    public required string Group { get; init; }

    /// <summary>Messages that may be claimed, or are.</summary>
    public long Ready { get; init; }

    /// <summary>Messages that wait behind them, counted up to 10,000.</summary>
    public long Waiting { get; init; }

    /// <summary>Dead messages that hold the group back.</summary>
    public long Held { get; init; }

    /// <summary>Their ids.</summary>
    public IReadOnlyList<string> Dead { get; init; } = [];
}

/// <summary>What the service knows of a producer.</summary>
public sealed record ProducerState
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The last number that was stored; null: none.</summary>
    public long? Last { get; init; }

    /// <summary>The highest epoch that was seen.</summary>
    public long Epoch { get; init; }

    /// <summary>The day of its last use.</summary>
    public DateTimeOffset? Used { get; init; }
}

/// <summary>A cursor that the service keeps for a reader.</summary>
public sealed record ReaderState
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The place behind the last message that was read.</summary>
    public required string After { get; init; }

    /// <summary>When it is forgotten, if it is not used.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Its receipt, in the answer for one reader.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Receipt { get; init; }
}
