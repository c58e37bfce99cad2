using System.ComponentModel.DataAnnotations;

namespace Burrow.Access;

/// <summary>The section <c>Burrow:Access</c>.</summary>
public sealed class AccessOptions
{
    /// <summary>
    /// Absent: keys. The local process is open where only its own machine can reach it, unless this setting says otherwise.
    /// </summary>
    public AccessMode? Mode { get; set; }

    /// <summary>
    /// <see cref="AccessMode.Open"/> requires this, because a process cannot prove who can reach it: a function's worker always
    /// listens on loopback, behind its host.
    /// </summary>
    public bool AllowAnyoneToReadAndDeleteEverything { get; set; }

    /// <summary>
    /// Keys of the operator, <c>brw_admin-{name}_{secret}</c> with 64 hexadecimal digits as the secret, separated by commas.
    /// There are two while the operator replaces one by another. A Key Vault reference.
    /// </summary>
    public string? AdminKeys { get; set => field = value is "" ? null : value; }

    /// <summary>
    /// The deployment's one secret, at least 32 characters. Each part that needs a key derives its own key from it. A Key Vault reference.
    /// </summary>
    [MinLength(32)]
    public string? Secret { get; set => field = value is "" ? null : value; }

    /// <summary>
    /// The secret before <see cref="Secret"/>, while the operator replaces it: links, ids of keys and headers of subscriptions that were
    /// made with it stay valid. A Key Vault reference.
    /// </summary>
    [MinLength(32)]
    public string? FormerSecret { get; set => field = value is "" ? null : value; }

    /// <summary>Origins of web pages that may call (CORS), separated by commas; absent: none.</summary>
    public string? AllowedOrigins { get; set => field = value is "" ? null : value; }

    internal DeploymentSecret Secrets => new(Secret, FormerSecret);

    internal bool IsOpen => Mode == AccessMode.Open;

    internal IReadOnlyList<string> Origins =>
        AllowedOrigins?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The errors: what is missing or wrong for the mode; empty if the settings are valid.</summary>
    internal IEnumerable<string> Errors()
    {
        if (IsOpen && !AllowAnyoneToReadAndDeleteEverything)
        {
            yield return "Burrow:Access:Mode is Open: everyone who reaches this service could do everything. "
                + "If that is meant, set Burrow:Access:AllowAnyoneToReadAndDeleteEverything to true; else set the mode to Keys.";
        }

        if (!IsOpen && Secret is null)
            yield return "Burrow:Access:Secret is missing, which links are signed with: 32 random characters or more.";
        if (Secret is null && FormerSecret is not null)
            yield return "Burrow:Access:FormerSecret is set without Burrow:Access:Secret, which takes its place.";
        if (!IsOpen && AdminKeys is null)
        {
            yield return "Burrow:Access:AdminKeys is missing. Without a key of the operator no account could get its first key. "
                + "One is brw_admin-{name}_{64 hexadecimal digits}.";
        }

        if (AdminKey.ErrorIn(AdminKeys) is { } error)
            yield return error;
        foreach (var origin in Origins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin)
                yield return $"Burrow:Access:AllowedOrigins: '{origin}' is no origin, as https://example.com.";
        }
    }
}
