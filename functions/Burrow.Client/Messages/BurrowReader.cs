using System.Text.Json;

namespace Burrow.Client;

/// <summary>A cursor that the service keeps: what a reader has read. It is forgotten 30 days after its last use.</summary>
public sealed class BurrowReader
{
    private readonly Transport transport;
    private readonly string account;
    private readonly string queue;

    internal BurrowReader(Transport transport, string account, string queue, string name) =>
        (this.transport, this.account, this.queue, Name) = (transport, account, queue, Names.Check(name, nameof(name)));

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where it is; null: there is none.</summary>
    public async Task<ReaderState?> GetAsync(CancellationToken cancellationToken = default)
    {
        var reply = (await transport.SendAsync(NewCall(HttpMethod.Get, "get reader"), cancellationToken).ConfigureAwait(false)).IfFound();
        return reply is null ? null : Read(reply);
    }

    /// <summary>Moves it.</summary>
    /// <param name="after">The <see cref="Message{T}.Cursor"/> of the last message that was read.</param>
    /// <param name="receipt">The receipt that it must have, so that of two programs only one moves it; null: any.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowConflictException">It has another receipt. It was not moved.</exception>
    public async Task<ReaderState> MoveAsync(string after, string? receipt = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(after);
        var body = JsonSerializer.SerializeToUtf8Bytes(new WireReader(after), WireJson.Default.WireReader);
        var call = NewCall(HttpMethod.Put, "move reader", receipt, body);
        return Read((await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).Ensure());
    }

    /// <summary>Forgets it.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> DeleteAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(NewCall(HttpMethod.Delete, "delete reader"), cancellationToken).ConfigureAwait(false))
            .IfFound() is not null;

    private Call NewCall(HttpMethod method, string operation, string? receipt = null, byte[]? body = null) =>
        new(method, operation, "readers", account, queue, Name)
        {
            Queue = queue,
            Repeat = receipt is null ? Repeat.Always : Repeat.IfNotDone,
            IfMatch = receipt,
            Body = body,
            ContentType = body is null ? null : "application/json",
        };

    private static ReaderState Read(Reply reply) => reply.Read(WireJson.Default.ReaderState) with { Receipt = reply.Receipt };
}

/// <summary>A reader as it is moved.</summary>
internal sealed record WireReader(string After);
