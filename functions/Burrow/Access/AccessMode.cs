namespace Burrow.Access;

/// <summary>Who may do what.</summary>
public enum AccessMode
{
    /// <summary>A caller may do what its key allows, or a link that was made with a key.</summary>
    Keys,

    /// <summary>Every caller may do everything.</summary>
    Open,
}
