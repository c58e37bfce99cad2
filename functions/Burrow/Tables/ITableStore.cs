namespace Burrow.Tables;

/// <summary>Where the tables are: a storage account, a file, or memory.</summary>
public interface ITableStore
{
    /// <summary>The table of that name (3 to 20 lower-case letters). The same name is the same table.</summary>
    ITable Open(string name);

    /// <summary>Creates those of the tables that don't exist.</summary>
    /// <exception cref="TableUnavailableException">Storage doesn't answer, or doesn't let us.</exception>
    Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken);
}
