namespace Burrow.Queues.Changing;

/// <summary>What became of a transaction over messages.</summary>
internal enum CommitOutcome
{
    /// <summary>All of it was carried out.</summary>
    Done,

    /// <summary>None of it: somebody else changed the message first.</summary>
    Conflict,

    /// <summary>None of it, as somebody else changed a message of the same transaction first; perhaps not this one.</summary>
    Aborted,

    /// <summary>Nobody can tell any more. It must not be run again.</summary>
    Unknown,
}
