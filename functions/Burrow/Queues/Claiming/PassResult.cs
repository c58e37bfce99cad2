namespace Burrow.Queues.Claiming;

/// <summary>How a pass of claims ended.</summary>
internal enum PassResult
{
    /// <summary>There was no conflict: messages that the pass did not find do not exist.</summary>
    Done,

    /// <summary>There was no conflict, and there may be more messages behind those that the pass read.</summary>
    More,

    /// <summary>The queue is paused.</summary>
    Paused,

    /// <summary>The queue has groups, and messages that wait behind their group match too: the front of the line is not enough.</summary>
    Groups,

    /// <summary>Other requests were faster with some messages: another pass may find more.</summary>
    Conflict,

    /// <summary>Storage failed: for some messages it is unknown whether they were claimed.</summary>
    Failed,
}
