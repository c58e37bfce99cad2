using Burrow.Http.Pipeline;
using Burrow.Queues;

namespace Burrow.Http.Messages;

/// <summary>The answer to a request that lists or deletes accounts or queues.</summary>
internal static class NameAnswer
{
    /// <param name="context">The request.</param>
    /// <param name="authorized">The authorized request, which pays for each name.</param>
    /// <param name="defaultDetail">What the answer shows where the request does not say.</param>
    /// <param name="serve">Lists or deletes the names of a selection.</param>
    /// <param name="missing">The error where nothing matches.</param>
    public static async Task<Answer> OfAsync(
        RequestContext context,
        AuthorizedRequest authorized,
        Detail defaultDetail,
        Func<NameSelection, Task<NameList>> serve,
        string missing)
    {
        var parameters = new QueryParameters(context.Request);
        var detail = parameters.NameDetail(defaultDetail);
        parameters.CheckAll();
        var list = await serve(parameters.NameSelection);
        authorized.Charge(list.Names.Count - 1);
        return list.Names.Count == 0 ? throw new NotFoundException(missing) : MessageJson.Names(list, detail);
    }
}
