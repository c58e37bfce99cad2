using Burrow.Queues;
using Burrow.Simulation.Judging;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Clients;

/// <summary>Sends every kind of request to a random process, and judges each response as it arrives.</summary>
internal sealed class Requests(Cluster cluster, Chance chance)
{
    private readonly AnswerJudge judge = cluster.Answers;

    /// <returns>What the put did; null where it was refused or failed, or got no response.</returns>
    public async Task<Change?> PutAsync(QueueAddress queue, MessageId id, Precondition precondition, Instance? instance = null)
    {
        var (number, body) = chance.Body();
        var request = cluster.NewRequest(RequestKind.Put) with
        {
            Queue = queue,
            Id = id,
            Body = body,
            ContentType = chance.Of(4) ? $"text/{number}" : null,
            Attributes = chance.PutAttributes(),
            Precondition = precondition,
        };
        request = request with { Instance = instance ?? request.Instance };
        var result = await cluster.SendAsync(
            request,
            (engine, token) => engine.PutAsync(queue, new(id, body, request.ContentType, request.Attributes, precondition), token),
            judge.Put,
            number);
        if (result is null)
            return null;
        chance.Remember(queue, id, result.Receipt);
        return request.Change;
    }

    public async Task GetAsync(QueueAddress queue, MessageId id)
    {
        var request = cluster.NewRequest(RequestKind.Get) with { Queue = queue, Id = id, Detail = chance.Detail() };
        Remember(queue, await cluster.SendAsync(request, (engine, token) => engine.GetAsync(queue, id, request.Detail, token), judge.Get));
    }

    public async Task UpdateAsync(QueueAddress queue, MessageId id, Attributes attributes, Precondition precondition)
    {
        var request = cluster.NewRequest(RequestKind.Update) with
        {
            Queue = queue,
            Id = id,
            Attributes = attributes,
            Precondition = precondition,
            Detail = chance.Detail(),
        };
        Remember(queue, await cluster.SendAsync(
            request, (engine, token) => engine.UpdateAsync(queue, id, attributes, precondition, request.Detail, token), judge.Change));
    }

    public Task DeleteAsync(QueueAddress queue, MessageId id, Precondition precondition)
    {
        var request = cluster.NewRequest(RequestKind.Delete) with
        {
            Queue = queue,
            Id = id,
            Precondition = precondition,
            Detail = chance.Of(2) ? Detail.None : chance.Detail(),
        };
        return cluster.SendAsync(
            request, (engine, token) => engine.DeleteAsync(queue, id, precondition, request.Detail, token), judge.Change);
    }

    /// <returns>The request, and its list; null where it failed or got no response.</returns>
    public async Task<(Request Request, MessageList? List)> ListAsync(QueueAddress queue, MessageSelection selection, TimeSpan wait)
    {
        var request =
            cluster.NewRequest(RequestKind.List) with { Queue = queue, Selection = selection, Detail = selection.Detail, Wait = wait };
        var list = await cluster.SendAsync(request, (engine, token) => engine.ListAsync(queue, selection, wait, token), judge.List);
        foreach (var message in list?.Messages ?? [])
            Remember(queue, message);
        return (request, list);
    }

    /// <summary>Updates the messages that match; without attributes, deletes them.</summary>
    public async Task<MessageList?> ChangeAllAsync(QueueAddress queue, MessageSelection selection, Attributes? attributes, TimeSpan wait)
    {
        var request = cluster.NewRequest(attributes is null ? RequestKind.DeleteAll : RequestKind.UpdateAll) with
        {
            Queue = queue,
            Selection = selection,
            Attributes = attributes ?? default,
            Detail = selection.Detail,
            Wait = wait,
        };
        var list = await cluster.SendAsync(
            request,
            (engine, token) => attributes is { } change
                ? engine.UpdateAsync(queue, selection, change, wait, token)
                : engine.TakeAsync(queue, selection, wait, token),
            judge.ChangeAll);
        foreach (var message in list?.Messages ?? [])
            Remember(queue, message);
        return list;
    }

    public Task AccountsAsync(NameSelection names, bool delete) =>
        NamesAsync(cluster.NewRequest(delete ? RequestKind.DeleteAccounts : RequestKind.Accounts) with { Names = names });

    public Task QueuesAsync(AccountName account, NameSelection names, bool delete) =>
        NamesAsync(cluster.NewRequest(delete ? RequestKind.DeleteQueues : RequestKind.Queues) with { Account = account, Names = names });

    private Task NamesAsync(Request request) => cluster.SendAsync(
        request,
        (engine, token) => request.Kind switch
        {
            RequestKind.Accounts => engine.AccountsAsync(request.Names, token),
            RequestKind.Queues => engine.QueuesAsync(request.Account!.Value, request.Names, token),
            RequestKind.DeleteAccounts => engine.DeleteAccountsAsync(request.Names, token),
            _ => engine.DeleteQueuesAsync(request.Account!.Value, request.Names, token),
        },
        judge.Names);

    private void Remember(QueueAddress queue, Message? message)
    {
        if (message is not null)
            chance.Remember(queue, message.Id, message.Receipt);
    }
}
