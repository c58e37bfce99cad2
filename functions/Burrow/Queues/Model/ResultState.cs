namespace Burrow.Queues;

/// <summary>What became of a message whose producer wants to know.</summary>
public enum ResultState
{
    /// <summary>The message is in the queue. A worker may have left progress.</summary>
    Running,

    /// <summary>A worker finished it: by the outcome, or by a deletion with its receipt.</summary>
    Done,

    /// <summary>It was deleted without a receipt.</summary>
    Deleted,

    /// <summary>It died. It runs again if it is redriven.</summary>
    Dead,

    /// <summary>It expired before it was done.</summary>
    Expired,
}

/// <summary>What a worker leaves: progress, or the result.</summary>
/// <param name="Body">At most <see cref="ResultLimits.BodyBytes"/> bytes. The array is kept, not copied.</param>
/// <param name="ContentType">The body's content type, if known.</param>
public sealed record ResultBody(byte[] Body, string? ContentType)
{
    /// <summary>No body.</summary>
    public static readonly ResultBody Empty = new([], null);
}

/// <summary>The result of a message as it is now.</summary>
/// <param name="State">What became of the message.</param>
/// <param name="Left">The last progress, the result, or the cause of death; empty: none.</param>
/// <param name="Receipt">Changes with each progress and each state.</param>
/// <param name="HasProgress">Whether a worker has left progress since the message was put or redriven.</param>
public sealed record MessageResult(ResultState State, ResultBody Left, Receipt Receipt, bool HasProgress);
