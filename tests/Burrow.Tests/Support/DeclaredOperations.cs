using Burrow.Local;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Tests.Support;

/// <summary>What the trigger classes declare that is served, and not refused with 405.</summary>
internal static class DeclaredOperations
{
    /// <summary>Each as <c>GET /v1.0/{account}</c>.</summary>
    public static IEnumerable<string> All =>
        from function in Triggers.All
        let http = function.Trigger as HttpTriggerAttribute
        where http is not null && !function.Name.EndsWith("Refuse", StringComparison.Ordinal)
        from method in http.Methods!
        select $"{method.ToUpperInvariant()} /{http.Route!.Replace("{ignored:maxlength(0)?}", "")}";
}
