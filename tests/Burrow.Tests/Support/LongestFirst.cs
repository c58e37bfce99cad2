using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(Burrow.Tests.Support.LongestFirst))]

namespace Burrow.Tests.Support;

/// <summary>Starts what takes long before all else, so that nothing is left to run alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    /// <summary>Parts of the names of collections, the longest first.</summary>
    private static readonly string[] Long =
    [
        nameof(Simulation.SimulationTests),
        nameof(FunctionAppCollection),
        nameof(FunctionAppOfFewAccounts),
        nameof(Torture.MirrorProxyTests),
        nameof(Torture.RelayProxyTests),
        nameof(Events.WebhookTests),
        nameof(Access.KeyTests),
        nameof(Deploy.FunctionAppTests),
        nameof(Access.PermissionTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => PlaceOf(collection.TestCollectionDisplayName))];

    private static int PlaceOf(string name)
    {
        var place = Array.FindIndex(Long, part => name.Contains(part, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
