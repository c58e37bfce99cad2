using Burrow.Http.Pipeline;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Tests.Support;

/// <summary>What the endpoints declare: the HTTP surface.</summary>
internal static class DeclaredOperations
{
    /// <summary>Every method that the Functions host hands to a trigger.</summary>
    public static readonly IReadOnlyList<string> HostMethods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE"];

    public static readonly IReadOnlyList<Resource> Resources = ReadResources();

    /// <summary>All operations, each as <c>GET /v1.0/{account}</c>.</summary>
    public static IEnumerable<string> All =>
        from resource in Resources
        from method in resource.Methods
        select $"{method} {resource.Route}";

    /// <summary>A path that fits the resource's route.</summary>
    public static string TargetOf(Resource resource, string name) =>
        resource.Route.Replace("{account}", "a").Replace("{queue}", "q").Replace("{message}", "m").Replace("{name}", name);

    private static List<Resource> ReadResources()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Burrow:Access:Mode"] = "Open",
            ["Burrow:Access:AllowAnyoneToReadAndDeleteEverything"] = "true",
        };
        var services = new ServiceCollection().AddLogging().AddSingleton<ITableStore>(new MemoryTableStore());
        services.AddBurrow(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return [.. services.BuildServiceProvider().GetServices<IEndpoint>().SelectMany(endpoint => endpoint.Resources)];
    }
}
