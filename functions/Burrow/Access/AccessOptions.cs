using System.ComponentModel.DataAnnotations;

namespace Burrow.Access;

/// <summary>The section <c>Burrow:Access</c>.</summary>
public sealed class AccessOptions
{
    /// <summary>The deployment's one secret, at least 32 characters: what needs a key derives its own from it. A Key Vault reference.</summary>
    [MinLength(32)]
    public string? Secret { get; set => field = value is "" ? null : value; }
}
