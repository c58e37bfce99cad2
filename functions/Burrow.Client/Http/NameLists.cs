using System.Runtime.CompilerServices;

namespace Burrow.Client;

/// <summary>Lists of names, page by page.</summary>
internal static class NameLists
{
    private const int Page = 1_000;

    /// <param name="transport">Sends the requests.</param>
    /// <param name="newCall">Makes the request of a page.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    public static async IAsyncEnumerable<string> ReadAsync(
        Transport transport, Func<Call> newCall, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? last = null;
        while (true)
        {
            var call = newCall().With("limit", Page).With("marker", last);
            if ((await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound() is not { } reply)
                yield break;
            var names = reply.Read(WireJson.Default.StringArray);
            foreach (var name in names)
                yield return name;
            if (names.Length == 0 || (names.Length < Page && !reply.HasMore))
                yield break;
            last = names[^1];
        }
    }
}
