using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;

namespace Burrow.Client;

/// <summary>Lists whose next page begins behind the last item, page by page.</summary>
internal static class Pages
{
    private const int Size = 1_000;

    /// <summary>The names of a list.</summary>
    public static IAsyncEnumerable<string> NamesAsync(
        Transport transport, Func<Call> newCall, CancellationToken cancellationToken, string? marker = null) =>
        ReadAsync(transport, newCall, WireJson.Default.StringArray, name => name, cancellationToken, marker);

    /// <param name="transport">Sends the requests.</param>
    /// <param name="newCall">Makes the request of a page.</param>
    /// <param name="type">How a page is written.</param>
    /// <param name="markerOf">The marker behind which the next page begins.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <param name="marker">The marker behind which the list begins; null: at the start.</param>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        Transport transport,
        Func<Call> newCall,
        JsonTypeInfo<T[]> type,
        Func<T, string> markerOf,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        string? marker = null)
    {
        var last = marker;
        while (true)
        {
            var call = newCall().With("limit", Size).With("marker", last);
            if ((await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound() is not { } reply)
                yield break;
            var page = reply.Read(type);
            foreach (var item in page)
                yield return item;
            if (page.Length == 0 || (page.Length < Size && !reply.HasMore))
                yield break;
            last = markerOf(page[^1]);
        }
    }
}
