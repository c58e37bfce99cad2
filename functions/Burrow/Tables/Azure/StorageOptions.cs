using System.ComponentModel.DataAnnotations;

namespace Burrow.Tables.Azure;

/// <summary>
/// The section <c>Burrow:Storage</c>: a connection string, or the address of the service and the identity of this process.
/// </summary>
public sealed class StorageOptions
{
    /// <summary>The connection string of a storage account; <c>UseDevelopmentStorage=true</c> for Azurite.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The address of a storage account's table service. The process connects with its identity.</summary>
    public Uri? TableServiceUri { get; set; }

    /// <summary>The prefix of the tables' names: a letter, then letters and digits; at most 32 characters.</summary>
    [RegularExpression("^[A-Za-z][A-Za-z0-9]{0,31}$")]
    public string TablePrefix { get; set; } = "burrow";
}
