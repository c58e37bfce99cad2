namespace Burrow.Queues.Claiming;

/// <summary>The parameters that claims and takes must share to be served together.</summary>
/// <param name="Attributes">The attributes that a claim sets.</param>
/// <param name="Remove">Whether it is a take, which deletes the messages.</param>
/// <param name="Detail">What the answer shows of the messages.</param>
/// <param name="IsLarge">Whether it needs several passes. Small ones do not wait for it.</param>
internal readonly record struct ClaimKind(Attributes Attributes, bool Remove, Detail Detail, bool IsLarge)
{
    /// <summary>Whether a client gets the messages, so that a paused queue gives none.</summary>
    public bool HandsOut => !Remove || Detail != Detail.None;
}
