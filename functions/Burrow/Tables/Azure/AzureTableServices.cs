using Azure.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Burrow.Tables.Azure;

/// <summary>Registers tables in a storage account.</summary>
internal static class AzureTableServices
{
    public static IServiceCollection AddAzureTables(this IServiceCollection services) => services.AddSingleton<ITableStore>(provider =>
    {
        var storage = provider.GetRequiredService<IOptions<StorageOptions>>().Value;
        return storage.ConnectionString is { Length: > 0 } connectionString
            ? AzureTableStore.Connect(connectionString, storage.TablePrefix)
            : AzureTableStore.Connect(storage.TableServiceUri!, new DefaultAzureCredential(), storage.TablePrefix);
    });
}
