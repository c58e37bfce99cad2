namespace Burrow.Access;

/// <summary>What a key allows.</summary>
[Flags]
public enum Permissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>To put messages.</summary>
    Send = 1,

    /// <summary>To claim them, and to finish what was claimed.</summary>
    Receive = 2,

    /// <summary>To look at them.</summary>
    Read = 4,

    /// <summary>To delete them.</summary>
    Delete = 8,

    /// <summary>To have webhooks told of them.</summary>
    Subscribe = 16,

    /// <summary>To make keys and links, and to delete whole queues.</summary>
    Manage = 32,
}

/// <summary>Their names, as requests, answers and the table have them.</summary>
internal static class PermissionNames
{
    private static readonly (string Name, Permissions Permission)[] Names =
        [.. Enum.GetValues<Permissions>().Where(one => one != Permissions.None).Select(one => (one.ToString().ToLowerInvariant(), one))];

    /// <summary>All of them, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Names.Select(pair => pair.Name)];

    /// <summary>Those of a set, in that order.</summary>
    public static IEnumerable<string> Of(Permissions permissions) =>
        Names.Where(pair => permissions.HasFlag(pair.Permission)).Select(pair => pair.Name);

    /// <summary>The permission of a name; null if there is none.</summary>
    public static Permissions? Parse(string name) =>
        Array.Find(Names, pair => pair.Name == name) is (not null, var permission) ? permission : null;
}
