using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary>What listing and deleting accounts and queues have in common.</summary>
internal static class NameAnswer
{
    public static async Task<Answer> OfAsync(HttpRequest request, RequestContext serving, Detail absent, Func<NameSelection, Task<NameList>> serve, string none)
    {
        Preconditions.Reject(request);
        var parameters = new Parameters(request);
        var detail = parameters.NameDetail(absent);
        var list = await serve(parameters.NameSelection);
        // Each was looked at.
        serving.Charge(list.Names.Count - 1);
        return list.Names.Count == 0 ? throw new NotFoundException(none) : MessageJson.Names(list, detail);
    }
}
