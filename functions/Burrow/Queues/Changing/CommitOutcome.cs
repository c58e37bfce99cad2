namespace Burrow.Queues.Changing;

/// <summary>The outcome of a transaction that changes messages.</summary>
internal enum CommitOutcome
{
    /// <summary>The whole transaction was carried out.</summary>
    Done,

    /// <summary>Nothing was carried out: another request changed the message first.</summary>
    Conflict,

    /// <summary>Nothing was carried out: another request changed a message of the same transaction first, perhaps not this one.</summary>
    Aborted,

    /// <summary>The outcome is not known, and cannot be found out any more. The caller must not send the transaction again.</summary>
    Unknown,
}
