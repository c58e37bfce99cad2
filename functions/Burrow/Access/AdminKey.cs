using System.Text.RegularExpressions;

namespace Burrow.Access;

/// <summary>A key of the operator, from the settings.</summary>
/// <param name="Id"><c>admin-{name}</c>, an id that no account's key can have.</param>
/// <param name="Hash">SHA-256 of the secret.</param>
internal sealed partial record AdminKey(string Id, byte[] Hash)
{
    /// <summary>The keys of the setting, by id.</summary>
    /// <exception cref="FormatException">
    /// A key is malformed, or two have the same id. The message gives the place of a malformed key, not its text, which may hold a secret.
    /// </exception>
    public static IReadOnlyDictionary<string, AdminKey> ParseAll(string? setting)
    {
        var keys = new Dictionary<string, AdminKey>();
        foreach (var text in setting?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
        {
            if (KeyToken.TryParse(text) is not { } key || !Pattern().IsMatch(key.Id))
            {
                throw new FormatException(
                    $"Burrow:Access:AdminKeys: key {keys.Count + 1} is not brw_admin-{{name}}_{{64 hexadecimal digits, a-f in lower case}}."
                );
            }

            if (!keys.TryAdd(key.Id, new(key.Id, key.Hash)))
                throw new FormatException($"Burrow:Access:AdminKeys: there are two of the id {key.Id}.");
        }

        return keys;
    }

    /// <summary>What is wrong with the setting; null if nothing is.</summary>
    public static string? ErrorIn(string? setting)
    {
        try
        {
            _ = ParseAll(setting);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    [GeneratedRegex(@"^admin-[a-z0-9-]{1,64}\z")]
    private static partial Regex Pattern();
}
