using Burrow.Queues;

namespace Burrow.Access;

/// <summary>What a key allows, as whoever makes it asks.</summary>
/// <param name="Queues">On which queues.</param>
/// <param name="Allow">What.</param>
/// <param name="Expires">Until when; null: until it is revoked.</param>
internal sealed record KeySpec(QueuePattern Queues, Permissions Allow, DateTimeOffset? Expires)
{
    /// <summary>Everything in an account.</summary>
    public static readonly KeySpec Everything = new(
        QueuePattern.All, Enum.GetValues<Permissions>().Aggregate((all, one) => all | one), null);

    /// <summary>Whether that one allows all that this does; how long they last doesn't count.</summary>
    public bool IsWithin(KeySpec other) =>
        other.Queues.Contains(Queues) && (Allow & ~other.Allow) == Permissions.None;
}
