using System.ComponentModel.DataAnnotations;

namespace Burrow.Tables.Azure;

/// <summary>The section <c>Burrow:Storage</c>: a connection string, or the service's address and this process's identity.</summary>
public sealed class StorageOptions
{
    /// <summary>Connection string of a storage account; <c>UseDevelopmentStorage=true</c> for Azurite.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Address of a storage account's table service, used with the process's identity.</summary>
    public Uri? TableServiceUri { get; set; }

    /// <summary>What the tables' names begin with: a letter, then letters and digits; 32 at most.</summary>
    [RegularExpression("^[A-Za-z][A-Za-z0-9]{0,31}$")]
    public string TablePrefix { get; set; } = "burrow";
}
