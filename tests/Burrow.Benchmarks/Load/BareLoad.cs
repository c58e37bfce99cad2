using Burrow.Benchmarks.Benchmarks;

namespace Burrow.Benchmarks.Load;

/// <summary>
/// The load of a benchmark on the bare endpoint: requests with the same bodies, responses with the same status and length.
/// </summary>
internal static class BareLoad
{
    /// <param name="server">The bare endpoint.</param>
    /// <param name="weight">What one operation counts for.</param>
    /// <param name="exchanges">The requests of one operation, one after another.</param>
    public static LoadAsync Of(Uri server, int weight, params (string Method, int Status, int Length, string Body)[] exchanges) =>
        (connections, time) => Generator.RunAsync(server, connections, Budget.Of(time), weight, () =>
        {
            var requests = exchanges.Select(exchange => (
                new HttpRequestBytes(
                    exchange.Method, $"/{exchange.Status}/{exchange.Length}", exchange.Body).Bytes, exchange.Status)).ToArray();
            return async (connection, _) =>
            {
                foreach (var (bytes, status) in requests)
                    await connection.SendAsync(bytes, status);
            };
        });
}
