namespace Burrow.Local;

/// <summary>The options of the command line.</summary>
/// <param name="Urls">The URLs to listen on.</param>
/// <param name="Tables">Where to store.</param>
/// <param name="Hosts">Host names that the process answers to, besides localhost, names under it and IP addresses.</param>
/// <param name="Sync">With SQLite: whether every acknowledged change has reached the disk.</param>
internal sealed record LocalOptions(IReadOnlyList<string> Urls, TablesOption Tables, IReadOnlyList<string> Hosts, bool Sync = true);

/// <summary>Where the local process stores: <c>memory</c>, <c>sqlite:{file}</c> or <c>azure:{connection string}</c>.</summary>
/// <param name="Engine">The storage engine.</param>
/// <param name="Where">The file or the connection string; empty for memory.</param>
internal sealed record TablesOption(TablesEngine Engine, string Where)
{
    /// <summary>The option's text, as on the command line.</summary>
    public override string ToString() =>
        Engine == TablesEngine.Memory ? "memory" : $"{(Engine == TablesEngine.Sqlite ? "sqlite" : "azure")}:{Where}";

    public static readonly TablesOption Default = new(TablesEngine.Sqlite, "burrow.db");

    /// <summary>The option that a text stands for; null if there is none.</summary>
    public static TablesOption? TryParse(string text) => text.Split(':', 2) switch
    {
        ["memory"] => new(TablesEngine.Memory, ""),
        ["sqlite", { Length: > 0 } file] => new(TablesEngine.Sqlite, file),
        ["azure", { Length: > 0 } connectionString] => new(TablesEngine.Azure, connectionString),
        _ => null,
    };
}

/// <summary>The storage engines for tables.</summary>
internal enum TablesEngine
{
    Memory,
    Sqlite,
    Azure,
}
