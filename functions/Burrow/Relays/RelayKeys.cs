using System.Security.Cryptography;
using System.Text;
using Burrow.Events.Signing;
using Burrow.Queues;

namespace Burrow.Relays;

/// <summary>Encrypts the keys that relays send with. They never come back to a tenant.</summary>
internal sealed class RelayKeys(SecretBox box)
{
    /// <summary>The key of a relay as it is stored; empty for none.</summary>
    /// <exception cref="UnavailableException">This deployment has no secret to encrypt with.</exception>
    public byte[] Seal(string? key) => key is null ? [] : box.Seal(Encoding.UTF8.GetBytes(key));

    /// <summary>The key of a relay; null if it has none.</summary>
    /// <exception cref="CryptographicException">It was encrypted under another secret.</exception>
    public string? Open(Relay relay) => relay.SealedKey.Length == 0 ? null : Encoding.UTF8.GetString(box.Open(relay.SealedKey));
}
