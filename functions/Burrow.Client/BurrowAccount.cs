using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Burrow.Client;

/// <summary>An account: it holds queues. It exists while it holds one, and needs no creating.</summary>
public sealed class BurrowAccount
{
    private readonly Transport transport;

    internal BurrowAccount(Transport transport, string name)
    {
        (this.transport, Name) = (transport, name);
        Policies = new(transport, name);
        Keys = new(transport, name);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>How its queues behave.</summary>
    public BurrowPolicies Policies { get; }

    /// <summary>Who may do what with it.</summary>
    public BurrowKeys Keys { get; }

    /// <summary>A queue whose messages are text.</summary>
    /// <param name="name">Its name: 1 to 512 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public BurrowQueue<string> Queue(string name) => Of(name, BodyFormat.Text);

    /// <summary>A queue whose messages are bytes.</summary>
    /// <param name="name">Its name: 1 to 512 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public BurrowQueue<ReadOnlyMemory<byte>> BytesQueue(string name) => Of(name, BodyFormat.Bytes);

    /// <summary>A queue whose messages are JSON of one type.</summary>
    /// <param name="name">Its name: 1 to 512 bytes of UTF-8.</param>
    /// <param name="type">How the type is written, as the source generator of <c>System.Text.Json</c> makes it.</param>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public BurrowQueue<T> Queue<T>(string name, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Of(name, BodyFormat.Json(type));
    }

    /// <summary>
    /// A queue whose messages are JSON of one type, written as <see cref="BurrowClientOptions.Json"/> says. A program that is trimmed or
    /// compiled ahead of time takes the other method.
    /// </summary>
    /// <param name="name">Its name: 1 to 512 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">It is no name.</exception>
    [RequiresUnreferencedCode("The type may be looked at by reflection. Give a JsonTypeInfo.")]
    [RequiresDynamicCode("The type may be looked at by reflection. Give a JsonTypeInfo.")]
    public BurrowQueue<T> Queue<T>(string name) =>
        Queue(name, (JsonTypeInfo<T>)(transport.Options.Json ?? JsonSerializerOptions.Web).GetTypeInfo(typeof(T)));

    /// <summary>The names of its queues, by name.</summary>
    public IAsyncEnumerable<string> QueuesAsync(CancellationToken cancellationToken = default) =>
        QueuesAsync("", cancellationToken);

    /// <summary>The names of its queues that begin so, by name, without looking at the others.</summary>
    internal async IAsyncEnumerable<string> QueuesAsync(
        string beginning, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var names = Pages.NamesAsync(
            transport, () => new(HttpMethod.Get, "list queues", "v1.0", Name), cancellationToken, Names.Before(beginning));
        await foreach (var name in names.ConfigureAwait(false))
        {
            if (name.StartsWith(beginning, StringComparison.Ordinal))
                yield return name;
            else if (Names.Compare(name, beginning) > 0)
                yield break;
        }
    }

    /// <summary>The names of the queues that hold dead messages, by name.</summary>
    public IAsyncEnumerable<string> DeadQueuesAsync(CancellationToken cancellationToken = default) =>
        Pages.NamesAsync(transport, () => new(HttpMethod.Get, "list dead queues", "dead", Name), cancellationToken);

    /// <summary>Deletes all messages of all its queues, hidden and dead ones too. Its policies, keys, readers and producers stay.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> DeleteAsync(CancellationToken cancellationToken = default)
    {
        for (var found = false; ; found = true)
        {
            var call = new Call(HttpMethod.Delete, "delete queues", "v1.0", Name) { Repeat = Repeat.Always }.Lasting(Call.LongestChange);
            var reply = (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound();
            if (reply?.HasMore != true)
                return found || reply is not null;
        }
    }

    /// <summary>What it holds and what was done to it; null: it is not there. The numbers are approximate (docs/telemetry.md).</summary>
    /// <param name="queues">How many of its queues are shown, by name; 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<AccountStatistics?> StatisticsAsync(int queues = 100, CancellationToken cancellationToken = default)
    {
        var call = new Call(HttpMethod.Get, "statistics", "stats", Name).With("limit", queues);
        return (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound()
            ?.Read(WireJson.Default.AccountStatistics);
    }

    /// <summary>Makes a link: an address that allows one thing until an instant, without a key. A browser may use it.</summary>
    /// <exception cref="BurrowException">The link is not possible, or the key does not allow it.</exception>
    public async Task<Link> LinkAsync(LinkRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var call = new Call(HttpMethod.Post, "link", "links", Name)
        {
            Repeat = Repeat.Always,
            Body = JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.LinkRequest),
            ContentType = "application/json",
        };
        return (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).Ensure().Read(WireJson.Default.Link);
    }

    /// <summary>The clock of all pauses.</summary>
    internal TimeProvider Time => transport.Time;

    /// <summary>Pauses of what tries again without end.</summary>
    internal Pauses NewPauses() => new(transport);

    /// <summary>A queue whose messages have this format.</summary>
    internal BurrowQueue<T> Of<T>(string name, BodyFormat<T> format) => new(transport, Name, Names.Check(name, nameof(name)), format);
}
