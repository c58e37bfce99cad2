using System.Text.Json;

namespace Burrow.Client;

/// <summary>The policies of an account (docs/reference/api.md, "Policies").</summary>
public sealed class BurrowPolicies
{
    private readonly Transport transport;
    private readonly string account;

    internal BurrowPolicies(Transport transport, string account) => (this.transport, this.account) = (transport, account);

    /// <summary>All policies, by name.</summary>
    public async Task<IReadOnlyList<Policy>> ListAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(new(HttpMethod.Get, "list policies", "policies", account), cancellationToken).ConfigureAwait(false))
            .IfFound()?.Read(WireJson.Default.PolicyArray) ?? [];

    /// <summary>The policy that holds for a queue; null: none.</summary>
    public async Task<Policy?> OfQueueAsync(string queue, CancellationToken cancellationToken = default)
    {
        var call = new Call(HttpMethod.Get, "get policy", "policies", account).With("queue", queue);
        return (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).IfFound()?.Read(WireJson.Default.Policy);
    }

    /// <summary>A policy; null: there is none of that name.</summary>
    public async Task<Policy?> GetAsync(string name, CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(Of(HttpMethod.Get, "get policy", name), cancellationToken).ConfigureAwait(false))
            .IfFound()?.Read(WireJson.Default.Policy);

    /// <summary>Makes a policy, or replaces the one of that name as a whole. It is heeded within 5 s.</summary>
    /// <returns>The policy as it holds.</returns>
    /// <exception cref="BurrowConflictException">Another policy is for the same queues.</exception>
    public async Task<Policy> SetAsync(Policy policy, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var call = Of(HttpMethod.Put, "set policy", policy.Name, Write(policy));
        return (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).Ensure().Read(WireJson.Default.Policy);
    }

    /// <summary>Deletes a policy.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(Of(HttpMethod.Delete, "delete policy", name), cancellationToken).ConfigureAwait(false))
            .IfFound() is not null;

    private Call Of(HttpMethod method, string operation, string name, byte[]? body = null) =>
        new(method, operation, "policies", account, Names.Check(name, nameof(name)))
        {
            Repeat = Repeat.Always,
            Body = body,
            ContentType = body is null ? null : "application/json",
        };

    /// <summary>The policy without its name, which stands in the path.</summary>
    private static byte[] Write(Policy policy)
    {
        var json = JsonSerializer.SerializeToNode(policy, WireJson.Default.Policy)!.AsObject();
        json.Remove("name");
        return System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
    }
}
