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
            Priority = chance.Priority(),
            Group = chance.Group(),
            Result = chance.Result(),
        };
        request = request with { Instance = instance ?? request.Instance };
        var result = await cluster.SendAsync(
            request,
            (engine, token) => engine.PutAsync(
                queue,
                new(id, body, request.ContentType, request.Attributes, precondition)
                {
                    Priority = request.Priority,
                    Group = request.Group,
                    Result = request.Result,
                },
                token),
            judge.Put,
            number);
        if (result is null)
            return null;
        chance.Remember(queue, id, result.Receipt);
        return request.Change;
    }

    /// <summary>Puts a numbered message, behind the one before it if the number says so.</summary>
    /// <returns>Whether it is stored now, by this request or an earlier one.</returns>
    public async Task<bool> PutNumberedAsync(QueueAddress queue, MessageId id, ProducerNumber number)
    {
        var (put, body) = chance.Body();
        var request = cluster.NewRequest(RequestKind.Put) with
        {
            Queue = queue,
            Id = id,
            Body = body,
            Attributes = chance.PutAttributes(),
            Number = number,
            Group = chance.Group(),
        };
        var result = await cluster.SendAsync(request, SendAsync, judge.Put, put);
        return result is not null;

        async Task<PutResult> SendAsync(QueueEngine engine, CancellationToken token)
        {
            if (number.Previous is { } previous)
                await engine.WaitForTurnAsync(queue, number.Producer, number.Epoch, previous, ProducerLimits.Wait, token);
            return await engine.PutAsync(
                queue, new(id, body, null, request.Attributes, Precondition.None) { Number = number, Group = request.Group }, token);
        }
    }

    public Task PutEpochAsync(QueueAddress queue, ProducerName name, long epoch) => cluster.SendAsync(
        cluster.NewRequest(RequestKind.Producers) with { Queue = queue },
        (engine, token) => engine.Producers.PutEpochAsync(queue, name, epoch, token),
        (_, _) => { });

    /// <returns>Whether the producer is forgotten.</returns>
    public async Task<bool> ForgetProducerAsync(QueueAddress queue, ProducerName name) => await cluster.SendAsync(
        cluster.NewRequest(RequestKind.Producers) with { Queue = queue },
        async (engine, token) => await engine.Producers.DeleteAsync(queue, name, token) is null,
        (_, _) => { });

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

    public async Task SettleAsync(QueueAddress queue, MessageId id, Outcome outcome, Precondition precondition)
    {
        var request = cluster.NewRequest(RequestKind.Settle) with
        {
            Queue = queue,
            Id = id,
            Outcome = outcome,
            Precondition = precondition,
            Detail = outcome.Kind == OutcomeKind.Done && chance.Of(2) ? Detail.None : chance.Detail(),
        };
        Remember(queue, await cluster.SendAsync(
            request, (engine, token) => engine.SettleAsync(queue, id, outcome, precondition, request.Detail, token), judge.Change));
    }

    public async Task GetDeadAsync(QueueAddress queue, MessageId id)
    {
        var request = cluster.NewRequest(RequestKind.GetDead) with { Queue = queue, Id = id, Detail = chance.Detail() };
        Remember(queue, await cluster.SendAsync(
            request, (engine, token) => engine.GetDeadAsync(queue, id, request.Detail, token), judge.GetDead));
    }

    /// <summary>Redrives or purges one dead message.</summary>
    public async Task ChangeDeadAsync(QueueAddress queue, MessageId id, Attributes? redrive, Precondition precondition)
    {
        var request = cluster.NewRequest(redrive is null ? RequestKind.Purge : RequestKind.Redrive) with
        {
            Queue = queue,
            Id = id,
            Attributes = redrive ?? default,
            Precondition = precondition,
            Detail = chance.Detail(),
        };
        Remember(queue, await cluster.SendAsync(
            request,
            (engine, token) => redrive is { } attributes
                ? engine.RedriveAsync(queue, id, attributes, precondition, request.Detail, token)
                : engine.PurgeAsync(queue, id, precondition, request.Detail, token),
            judge.Change));
    }

    public async Task<MessageList?> ListDeadAsync(QueueAddress queue, MessageSelection selection)
    {
        var request = cluster.NewRequest(RequestKind.ListDead) with { Queue = queue, Selection = selection, Detail = selection.Detail };
        var list = await cluster.SendAsync(request, (engine, token) => engine.ListDeadAsync(queue, selection, token), judge.ListDead);
        foreach (var message in list?.Messages ?? [])
            Remember(queue, message);
        return list;
    }

    /// <summary>Redrives the dead messages that match; without attributes, purges them.</summary>
    public Task<MessageList?> ChangeAllDeadAsync(QueueAddress queue, MessageSelection selection, Attributes? redrive)
    {
        var request = cluster.NewRequest(redrive is null ? RequestKind.PurgeAll : RequestKind.RedriveAll) with
        {
            Queue = queue,
            Selection = selection,
            Attributes = redrive ?? default,
            Detail = selection.Detail,
        };
        return cluster.SendAsync(
            request,
            (engine, token) => redrive is { } attributes
                ? engine.RedriveAsync(queue, selection, attributes, token)
                : engine.PurgeAsync(queue, selection, token),
            judge.ChangeAllDead);
    }

    public Task ResultAsync(QueueAddress queue, MessageId id, TimeSpan wait)
    {
        var request = cluster.NewRequest(RequestKind.Result) with { Queue = queue, Id = id, Wait = wait };
        return cluster.SendAsync(
            request, (engine, token) => engine.ResultAsync(queue, id, Precondition.None, wait, token), judge.Result);
    }

    public Task ProgressAsync(QueueAddress queue, MessageId id, Precondition precondition)
    {
        var left = chance.Left();
        var request = cluster.NewRequest(RequestKind.Progress) with
        {
            Queue = queue,
            Id = id,
            Precondition = precondition,
            Left = left,
        };
        return cluster.SendAsync(
            request, (engine, token) => engine.PutProgressAsync(queue, id, left, precondition, token), judge.Progress);
    }

    public Task GroupsAsync(QueueAddress queue) => cluster.SendAsync(
        cluster.NewRequest(RequestKind.Groups) with { Queue = queue },
        async (engine, token) => (await engine.Groups.ListAsync(queue, null, null, token)).Groups,
        judge.Groups);

    public Task DeadQueuesAsync(AccountName account, NameSelection names) =>
        NamesAsync(cluster.NewRequest(RequestKind.DeadQueues) with { Account = account, Names = names });

    /// <summary>Puts a policy; null: deletes the one of that name.</summary>
    public Task PolicyAsync(AccountName account, PolicyName name, QueuePolicy? policy) => cluster.SendAsync(
        cluster.NewRequest(RequestKind.Policies) with { Account = account },
        async (engine, token) => policy is null
            ? await engine.Policies.DeleteAsync(account, name, QueuePattern.All, token) is not null
            : await engine.Policies.PutAsync(account, policy, QueuePattern.All, (PolicyLimits.Policies, PolicyLimits.Policies), token),
        (_, _) => { });

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
            RequestKind.DeadQueues => engine.DeadQueuesAsync(request.Account!.Value, request.Names, token),
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
