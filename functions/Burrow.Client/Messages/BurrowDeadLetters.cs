using System.Runtime.CompilerServices;

namespace Burrow.Client;

/// <summary>The messages of a queue that died (docs/reference/api.md, "Dead letters").</summary>
public sealed class BurrowDeadLetters<T>
{
    private readonly Transport transport;
    private readonly string account;
    private readonly string queue;
    private readonly BodyFormat<T> format;

    internal BurrowDeadLetters(Transport transport, string account, string queue, BodyFormat<T> format) =>
        (this.transport, this.account, this.queue, this.format) = (transport, account, queue, format);

    /// <summary>The dead messages, in the order in which they were put, with the causes that workers gave.</summary>
    public async IAsyncEnumerable<Message<T>> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        const int Page = 100;
        string? after = null;
        while (true)
        {
            var call = Many(HttpMethod.Get, "list dead").With("limit", Page).With("after", after);
            if ((await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound() is not { } reply)
                yield break;
            var messages = reply.Read(WireJson.Default.WireMessageArray);
            foreach (var message in messages)
                yield return new(message, format);
            if (messages.Length < Page && !reply.HasMore)
                yield break;
            after = reply.Cursor;
        }
    }

    /// <summary>A dead message; null: there is none of that id.</summary>
    public async Task<Message<T>?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(One(HttpMethod.Get, "get dead", id).With("detail", "full"), cancellationToken).ConfigureAwait(false))
            .IfFound() is { } reply
            ? new(reply.Read(WireJson.Default.WireMessage), format)
            : null;

    /// <summary>Puts a dead message back into its old place.</summary>
    /// <param name="id">The message.</param>
    /// <param name="ttl">How long it lives; null: as long as a new message; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <param name="hide">For how long it is hidden first; null: not.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> RedriveAsync(
        string id, TimeSpan? ttl = null, TimeSpan? hide = null, CancellationToken cancellationToken = default)
    {
        var reply = await transport.SendAsync(Redrive(One(HttpMethod.Post, "redrive", id), ttl, hide), cancellationToken)
            .ConfigureAwait(false);
        return reply.IfFound() is not null || reply.IsUncertain;
    }

    /// <summary>Puts all dead messages back into their old places. Stopped anywhere, it can be called again.</summary>
    /// <inheritdoc cref="RedriveAsync"/>
    public Task RedriveAllAsync(TimeSpan? ttl = null, TimeSpan? hide = null, CancellationToken cancellationToken = default) =>
        RepeatAsync(() => Redrive(Many(HttpMethod.Post, "redrive"), ttl, hide), cancellationToken);

    /// <summary>Deletes a dead message.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> PurgeAsync(string id, CancellationToken cancellationToken = default)
    {
        var reply = await transport.SendAsync(One(HttpMethod.Delete, "purge", id), cancellationToken).ConfigureAwait(false);
        return reply.IfFound() is not null || reply.IsUncertain;
    }

    /// <summary>Deletes all dead messages.</summary>
    public Task PurgeAllAsync(CancellationToken cancellationToken = default) =>
        RepeatAsync(() => Many(HttpMethod.Delete, "purge"), cancellationToken);

    private async Task RepeatAsync(Func<Call> newCall, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reply = await transport.SendAsync(newCall().Lasting(Call.LongestChange), cancellationToken).ConfigureAwait(false);
            // What was done is not found again.
            if (reply.IfFound()?.HasMore != true)
                return;
        }
    }

    private static Call Redrive(Call call, TimeSpan? ttl, TimeSpan? hide) => call
        .With("ttl", Seconds.OfTtl(ttl, nameof(ttl)))
        .With("hide", Seconds.OfHide(hide, nameof(hide)));

    private Call Many(HttpMethod method, string operation) =>
        new(method, operation, "dead", account, queue) { Queue = queue, Repeat = Repeat.Always };

    private Call One(HttpMethod method, string operation, string id) =>
        new(method, operation, "dead", account, queue, Names.Check(id, nameof(id))) { Queue = queue, Repeat = Repeat.Always };
}
