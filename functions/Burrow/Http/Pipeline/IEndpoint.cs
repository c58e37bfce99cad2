namespace Burrow.Http.Pipeline;

/// <summary>Serves one resource, or a few that belong together.</summary>
internal interface IEndpoint
{
    /// <summary>The resources.</summary>
    IEnumerable<Resource> Resources { get; }
}
