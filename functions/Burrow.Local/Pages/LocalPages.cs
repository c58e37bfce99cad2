namespace Burrow.Local.Pages;

/// <summary>The pages for people. Only the local process has them.</summary>
internal static class LocalPages
{
    /// <summary>Maps the pages, beside the protocol's routes.</summary>
    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        routes.Map("/console", ConsolePage.ServeAsync);
        routes.Map("/console/deliveries/{account}", Deliveries.ServeAsync);
        var reference = new ApiReference(routes.ServiceProvider);
        routes.MapGet(ApiReference.Path + "/{**path}", reference.ServeAsync);
    }
}
