namespace Burrow.Access;

/// <summary>The names of permissions, as requests, answers and the table show them.</summary>
internal static class PermissionNames
{
    private static readonly (string Name, Permissions Permission)[] Names =
        [.. Enum.GetValues<Permissions>().Where(one => one != Permissions.None).Select(one => (one.ToString().ToLowerInvariant(), one))];

    /// <summary>All names, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Names.Select(pair => pair.Name)];

    /// <summary>The names of a set of permissions, in that order.</summary>
    public static IEnumerable<string> Of(Permissions permissions) =>
        Names.Where(pair => permissions.HasFlag(pair.Permission)).Select(pair => pair.Name);

    /// <summary>The permission of a name; null if the name has none.</summary>
    public static Permissions? Parse(string name) =>
        Array.Find(Names, pair => pair.Name == name) is (not null, var permission) ? permission : null;
}
