using System.Text;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Tests.Support;

/// <summary>An engine as one process has it, with short methods for what tests do with one queue.</summary>
internal sealed class TestQueue(ITableStore store, TimeProvider time, string account = "account", string queue = "queue")
{
    public QueueEngine Engine { get; } = new(store, time, Random.Shared, new BurrowOptions(), NullLogger<QueueEngine>.Instance);

    public QueueAddress Address { get; } = new(new(account), new(queue));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task<PutResult> PutAsync(string id, string body = "", long ttl = 0, long hide = 0, Precondition? precondition = null) =>
        PutAsync(id, Encoding.UTF8.GetBytes(body), ttl, hide, precondition);

    public Task<PutResult> PutAsync(string id, byte[] body, long ttl = 0, long hide = 0, Precondition? precondition = null) =>
        Engine.PutAsync(Address, new(new(id), body, null, new(ttl, hide), precondition ?? Precondition.None), Token);

    public Task<PutResult> PutWithPriorityAsync(string id, int? priority) =>
        Engine.PutAsync(Address, new(new(id), [], null, new(0, 0), Precondition.None) { Priority = priority }, Token);

    public Task<PutResult> PutInGroupAsync(string id, string group, long ttl = 0) =>
        Engine.PutAsync(Address, new(new(id), [], null, new(ttl, 0), Precondition.None) { Group = new(group) }, Token);

    public Task<Message?> RedriveAsync(string id) =>
        Engine.RedriveAsync(Address, new(id), default, Precondition.None, Detail.None, Token);

    public Task PolicyAsync(QueuePolicy policy) => Engine.Policies.PutAsync(
        Address.Account, policy, QueuePattern.All, (PolicyLimits.Policies, PolicyLimits.Policies), Token);

    public Task<Message?> SettleAsync(Message claimed, Outcome outcome) =>
        Engine.SettleAsync(Address, claimed.Id, outcome, new([claimed.Receipt.Value], null), Detail.Full, Token);

    public async Task<IReadOnlyList<Message>> ListDeadAsync(MessageSelection? selection = null) =>
        (await Engine.ListDeadAsync(Address, selection ?? new() { Detail = Detail.Full }, Token)).Messages;

    public Task PutAllAsync(IEnumerable<string> ids, long ttl = 0, long hide = 0) =>
        Task.WhenAll(ids.Select(id => PutAsync(id, "", ttl, hide)));

    public async Task<IReadOnlyList<Message>> ClaimAsync(int? limit = 1, long hide = 60) =>
        (await Engine.UpdateAsync(Address, new() { Limit = limit }, new(null, hide), TimeSpan.Zero, Token)).Messages;

    public async Task<IReadOnlyList<Message>> TakeAsync(int? limit = 1) =>
        (await Engine.TakeAsync(Address, new() { Limit = limit }, TimeSpan.Zero, Token)).Messages;

    public async Task<IReadOnlyList<Message>> ListAsync(MessageSelection? selection = null) =>
        (await Engine.ListAsync(Address, selection ?? new(), TimeSpan.Zero, Token)).Messages;

    public async Task<string> IdsAsync(MessageSelection? selection = null) => Ids(await ListAsync(selection));

    public Task<Message?> GetAsync(string id) => Engine.GetAsync(Address, new(id), Detail.All, Token);

    public Task<Message?> DeleteAsync(string id, Precondition? precondition = null) =>
        Engine.DeleteAsync(Address, new(id), precondition ?? Precondition.None, Detail.None, Token);

    public Task<Message?> UpdateAsync(string id, long? ttl = null, long? hide = null, Precondition? precondition = null) =>
        Engine.UpdateAsync(Address, new(id), new(ttl, hide), precondition ?? Precondition.None, Detail.All, Token);

    public Task SweepAsync() => Engine.SweepAsync(TimeSpan.FromMinutes(1), Token);

    /// <summary>The ids, separated by spaces.</summary>
    public static string Ids(IEnumerable<Message> messages) => string.Join(' ', messages.Select(message => message.Id.Value));

    /// <summary>The rows in all tables that the engine may have written to, each as table, partition and row key.</summary>
    public static async Task<List<string>> RowsAsync(ITableStore store, params QueueAddress[] queues)
    {
        var rows = new List<string>();
        foreach (var queue in queues)
        {
            await AddAsync("messages", queue.Partition);
            await AddAsync("dir", DirectoryKeys.Queues(queue.Account));
        }

        await AddAsync("dir", DirectoryKeys.Accounts);
        for (var i = 0; i < DueTable.Partitions; i++)
            await AddAsync("due", $"due-{i:x1}");
        return rows;

        async Task AddAsync(string table, string partition)
        {
            string? continuation = null;
            do
            {
                (var page, continuation) = await store.Open(table).QueryAsync(
                    partition, new("!", "~") { Continuation = continuation }, Token);
                rows.AddRange(page.Select(row => $"{table} {partition} {row.Key}"));
            }
            while (continuation is not null);
        }
    }
}
