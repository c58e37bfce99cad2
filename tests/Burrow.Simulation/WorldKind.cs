namespace Burrow.Simulation;

/// <summary>What simulated worlds are like.</summary>
internal enum WorldKind
{
    /// <summary>One deployment.</summary>
    One,

    /// <summary>Two deployments, and relays between them that copy.</summary>
    Relays,

    /// <summary>Two deployments, and relays between them that mirror.</summary>
    Mirrors,
}
