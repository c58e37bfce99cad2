namespace Burrow.Tables;

/// <summary>The place of the tables: a storage account, a file, or memory.</summary>
public interface ITableStore
{
    /// <summary>Returns the table of that name (3 to 20 lower-case letters). The same name always returns the same table.</summary>
    ITable Open(string name);

    /// <summary>Creates the tables that do not exist yet.</summary>
    /// <exception cref="TableUnavailableException">Storage does not answer, or does not allow it.</exception>
    Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken);
}
