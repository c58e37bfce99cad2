namespace Burrow.Local;

/// <summary>What the command line said.</summary>
/// <param name="Urls">Where to listen.</param>
/// <param name="Tables">Where to store.</param>
/// <param name="Hosts">Host names answered besides those of loopback.</param>
/// <param name="Sync">Whether what is acknowledged has reached the disk, with SQLite.</param>
internal sealed record LocalOptions(IReadOnlyList<string> Urls, TablesOption Tables, IReadOnlyList<string> Hosts, bool Sync = true);

/// <summary>Where the local process stores: <c>memory</c>, <c>sqlite:{file}</c> or <c>azure:{connection string}</c>.</summary>
/// <param name="Engine">Which of them.</param>
/// <param name="Where">The file or the connection string.</param>
internal sealed record TablesOption(TablesEngine Engine, string Where)
{
    /// <summary>As the command line has it.</summary>
    public override string ToString() =>
        Engine == TablesEngine.Memory ? "memory" : $"{(Engine == TablesEngine.Sqlite ? "sqlite" : "azure")}:{Where}";

    public static readonly TablesOption Default = new(TablesEngine.Sqlite, "burrow.db");

    /// <summary>The option of that text; null if it is none.</summary>
    public static TablesOption? TryParse(string text) => text.Split(':', 2) switch
    {
        ["memory"] => new(TablesEngine.Memory, ""),
        ["sqlite", { Length: > 0 } file] => new(TablesEngine.Sqlite, file),
        ["azure", { Length: > 0 } connectionString] => new(TablesEngine.Azure, connectionString),
        _ => null,
    };
}

/// <summary>The engines of tables.</summary>
internal enum TablesEngine
{
    Memory,
    Sqlite,
    Azure,
}
