namespace Burrow.Local.Pages;

/// <summary>The pages for people, which only the local process has.</summary>
internal static class LocalPages
{
    /// <summary>Maps them, beside the protocol's routes.</summary>
    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        routes.Map("/console", ConsolePage.ServeAsync);
        routes.Map("/console/deliveries/{account}", Deliveries.ServeAsync);
        var reference = new ApiReference(routes.ServiceProvider);
        routes.MapGet(ApiReference.Path + "/{**path}", reference.ServeAsync);
    }
}
