namespace Burrow.Queues;

/// <summary>What of a message's life follows it to the other side.</summary>
public enum RelayMode
{
    /// <summary>Each message is put there once, as it was put here. What becomes of it here does not follow.</summary>
    Copy,

    /// <summary>
    /// The other side holds what this side holds: removals, replacements, deaths and new times to live follow. What is consumed here before
    /// it is sent, is not sent.
    /// </summary>
    Mirror,
}

/// <summary>
/// Brings the messages of some queues of an account to another deployment, each exactly once and in order (docs/datacentres.md). Exactly
/// one relay holds for a queue, or none.
/// </summary>
/// <param name="Name">The relay's name.</param>
/// <param name="Queues">The queues that it is for. No two relays of an account are for the same pattern.</param>
/// <param name="To">The other side's address, without a path.</param>
/// <param name="Account">The account there.</param>
public sealed record Relay(RelayName Name, QueuePattern Queues, Uri To, AccountName Account)
{
    /// <summary>What follows a message.</summary>
    public RelayMode Mode { get; init; } = RelayMode.Copy;

    /// <summary>How many messages of one queue may wait to be sent, about.</summary>
    public long MaxOutbox { get; init; } = RelayLimits.MaxOutbox;

    /// <summary>Whether puts are refused while as many wait. Otherwise the queue's relay gives up, and begins anew later.</summary>
    public bool RefusesWhenFull { get; init; }

    /// <summary>The key for the other side, encrypted; empty: it asks for none.</summary>
    internal byte[] SealedKey { get; init; } = [];

    /// <summary>Another text for another other side: with it, what was known of the old one has no meaning any more.</summary>
    internal string Incarnation { get; init; } = "";

    /// <summary>How often the relay was put.</summary>
    internal long Generation { get; init; }
}
