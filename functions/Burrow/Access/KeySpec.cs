using Burrow.Queues;

namespace Burrow.Access;

/// <summary>What a key allows, as its maker asks for it.</summary>
/// <param name="Queues">The queues that the key is for.</param>
/// <param name="Allow">The permissions.</param>
/// <param name="Expires">When the key expires; null: it is valid until it is revoked.</param>
internal sealed record KeySpec(QueuePattern Queues, Permissions Allow, DateTimeOffset? Expires)
{
    /// <summary>All permissions on all queues of an account, without expiry.</summary>
    public static readonly KeySpec Everything = new(
        QueuePattern.All, Enum.GetValues<Permissions>().Aggregate((all, one) => all | one), null);

    /// <summary>Whether it does not manage the whole account.</summary>
    public bool IsNarrow => Queues != QueuePattern.All || !Allow.HasFlag(Permissions.Manage);

    /// <summary>Whether <paramref name="other"/> allows all that this spec allows. The expiry does not count.</summary>
    public bool IsWithin(KeySpec other) =>
        other.Queues.Contains(Queues) && (Allow & ~other.Allow) == Permissions.None;
}
