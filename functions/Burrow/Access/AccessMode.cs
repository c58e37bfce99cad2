namespace Burrow.Access;

/// <summary>Who may do what.</summary>
public enum AccessMode
{
    /// <summary>What a key allows, or a link made with one.</summary>
    Keys,

    /// <summary>Everyone, everything.</summary>
    Open,
}
