using Burrow.Queues;
using Burrow.Simulation.Judging;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Clients;

/// <summary>
/// The clients of one seed: random requests of all kinds, workers that claim and acknowledge (or don't), readers that follow
/// their marker. There are several clients, and each waits for a response before its next request.
/// </summary>
internal sealed class Workload
{
    private readonly Scheduler scheduler;
    private readonly Cluster cluster;
    private readonly Timeline timeline;
    private readonly Chance chance;
    private readonly Requests requests;
    private readonly List<Reader> readers = [];
    private readonly List<Producer> producers = [];
    private readonly TimeSpan think;
    private readonly (Func<Task> Action, int Weight)[] actions;
    private int left;

    public Workload(Scheduler scheduler, Random random, Cluster cluster, Timeline timeline)
    {
        (this.scheduler, this.cluster, this.timeline) = (scheduler, cluster, timeline);
        chance = new Chance(random, timeline);
        requests = new Requests(cluster, chance);
        for (var i = chance.UsesProducers ? chance.Below(1, 4) : 0; i > 0; i--)
            producers.Add(new Producer(scheduler, requests, chance, chance.Queue(), new($"p{i}")));
        think = TimeSpan.FromMilliseconds(chance.Pick(0, 20, 500, 5000));
        left = chance.Below(40, 220);
        actions =
        [
            (PutAsync, 4 + Weight(4)),
            (PutSomeAsync, Weight(2)),
            (() => requests.GetAsync(chance.Queue(), chance.Id()), Weight(1)),
            (UpdateAsync, Weight(2)),
            (DeleteAsync, Weight(2)),
            (ListAsync, Weight(2)),
            (WorkAsync, Weight(4)),
            (TakeAsync, Weight(2)),
            (() => ChangeAllAsync(chance.Attributes()), Weight(1)),
            (() => ChangeAllAsync(null), Weight(1)),
            (() => NamesAsync(delete: false), Weight(1)),
            (() => NamesAsync(delete: true), Weight(1)),
            (DeadAsync, chance.UsesPolicies || chance.Of(2) ? Weight(3) : 0),
            (PolicyAsync, chance.ChangesPolicies ? 1 : 0),
            (() => requests.ResultAsync(chance.Queue(), chance.Id(), chance.Wait()), chance.UsesResults ? 4 : 0),
            (ProgressAsync, chance.UsesResults ? 2 : 0),
            (() => chance.Pick([.. producers]).ProduceAsync(), producers.Count > 0 ? 5 : 0),
            (SweepAsync, Weight(2)),
            (() => scheduler.DelayAsync(TimeSpan.FromSeconds(chance.Below(1, 90))), Weight(1)),
            (() => scheduler.DelayAsync(TimeSpan.FromMinutes(chance.Below(1, 15))), chance.Of(5) ? 1 : 0),
        ];

        // Each seed leaves some kinds out, so that the others meet more often.
        int Weight(int weight) => chance.Of(4) ? 0 : weight * chance.Below(1, 4);
    }

    /// <summary>Runs all clients until they have sent all that they are to send.</summary>
    public async Task RunAsync()
    {
        if (chance.UsesPolicies)
            await PolicyAsync();
        var clients = new List<Task>();
        for (var i = chance.Below(1, 8); i > 0; i--)
            clients.Add(ActAsync());
        for (var i = chance.Below(0, 3); i > 0; i--)
            readers.Add(new Reader(scheduler, requests, chance, timeline[chance.Queue()], byCursor: chance.Of(2)));
        var following = readers.ConvertAll(reader => reader.RunAsync());
        await Task.WhenAll(clients);
        foreach (var reader in readers)
            reader.Stop();
        await Task.WhenAll(following);
    }

    /// <summary>Checks, when nothing goes wrong any more, that readers see the rest and every list is exact.</summary>
    public async Task CheckAsync()
    {
        foreach (var reader in readers)
            await reader.FinishAsync();
        foreach (var queue in chance.Queues)
        {
            await requests.ListAsync(queue, new() { MatchHidden = true, Detail = Detail.Full }, TimeSpan.Zero);
            await requests.ListAsync(queue, new() { Detail = Detail.Full }, TimeSpan.Zero);
            for (var i = 0; i < chance.Ids; i++)
            {
                await requests.GetAsync(queue, new($"m{i}"));
                if (chance.UsesResults)
                    await requests.ResultAsync(queue, new($"m{i}"), TimeSpan.Zero);
            }

            await requests.ListDeadAsync(queue, new() { Detail = Detail.Full });
            await requests.GroupsAsync(queue);
        }

        await requests.AccountsAsync(new(null, null), delete: false);
        foreach (var account in timeline.Accounts)
        {
            await requests.QueuesAsync(account, new(null, null), delete: false);
            await requests.DeadQueuesAsync(account, new(null, null));
        }
    }

    /// <summary>
    /// Checks that every group comes to have as many ready messages as its policy allows, once the queue's messages are claimed.
    /// </summary>
    public async Task SettleAsync()
    {
        if (chance.UsesGroups && chance.Of(2))
            await ForAllAsync(new QueuePolicy(new("one"), QueuePattern.All) { GroupConcurrency = chance.Below(2, 10) });
        else if (chance.UsesGroups)
            await HaltAsync();
        await SettleGroupsAsync();
        // Now no queue is paused, and no dead message holds its group back.
        if (chance.UsesPolicies || chance.UsesGroups)
            await ForAllAsync(null);
        await SettleGroupsAsync();
    }

    /// <summary>Has messages die that hold back others of their groups.</summary>
    private async Task HaltAsync()
    {
        await ForAllAsync(new QueuePolicy(new("one"), QueuePattern.All) { HaltsGroupOnDead = true });
        foreach (var queue in chance.Queues)
        {
            for (var i = 0; i < 6; i++)
                await requests.PutAsync(queue, new($"behind {i}"), Precondition.None);
            var list = await requests.ChangeAllAsync(queue, new() { Limit = 3, Detail = Detail.Full }, new(3600, 60), TimeSpan.Zero);
            foreach (var message in list?.Messages ?? [])
                await requests.SettleAsync(queue, message.Id, new(OutcomeKind.Dead), new([message.Receipt.Value], null));
        }
    }

    /// <summary>Has one policy hold for all queues; null: none. Waits until every process heeds that.</summary>
    private async Task ForAllAsync(QueuePolicy? policy)
    {
        foreach (var account in timeline.Accounts)
        {
            await requests.PolicyAsync(account, new("two"), null);
            await requests.PolicyAsync(account, new("one"), policy);
        }

        await scheduler.DelayAsync(TimeSpan.FromSeconds(10));
    }

    private async Task SettleGroupsAsync()
    {
        foreach (var queue in chance.Queues)
        {
            for (var tries = 0; timeline[queue].GroupsWithRoom(Instance.Start + scheduler.Now).FirstOrDefault() is { } group; tries++)
            {
                if (timeline[queue].Policies[^1].Policy.Paused)
                    break;
                if (tries > 30)
                    throw new Violation($"{queue.Queue}: the group {group} has room, and messages of it wait.");
                await requests.ChangeAllAsync(queue, new() { Limit = 1 }, new(null, 1), TimeSpan.Zero);
                await scheduler.DelayAsync(TimeSpan.FromSeconds(5));
            }
        }
    }

    /// <summary>Empties every queue: at once, or as soon as its hidden messages are visible.</summary>
    public async Task DrainAsync()
    {
        var how = chance.Below(0, 4);
        if (how == 0)
            await requests.AccountsAsync(new(null, null), delete: true);
        foreach (var account in timeline.Accounts.Where(_ => how == 1))
            await requests.QueuesAsync(account, new(null, null), delete: true);
        foreach (var queue in chance.Queues)
        {
            var any = cluster.NewRequest(RequestKind.List).Instance;
            for (var tries = 0; timeline[queue].Messages.Exists(
                message => message.EverLive(new Span(scheduler.Next(), scheduler.Next(), any))); tries++)
            {
                // No message is hidden for longer than a minute.
                if (tries > 500)
                    throw new Violation($"{queue.Queue} can't be emptied.");
                var taken = await requests.ChangeAllAsync(
                    queue, new() { Limit = chance.Below(1, 30) }, null, TimeSpan.FromSeconds(20 * chance.Below(0, 2)));
                if (taken is null or { Count: 0 })
                    await scheduler.DelayAsync(TimeSpan.FromSeconds(10));
            }

            await PurgeAsync(queue);
        }

        foreach (var producer in producers)
            await producer.ForgetAsync();
    }

    /// <summary>Purges what died, also what is buried later.</summary>
    private async Task PurgeAsync(QueueAddress queue)
    {
        var any = cluster.NewRequest(RequestKind.PurgeAll).Instance;
        for (var tries = 0; timeline[queue].Messages.Exists(
            message => message.Ever(new Span(scheduler.Next(), scheduler.Next(), any), MessageLife.Dead)); tries++)
        {
            if (tries > 50)
                throw new Violation($"{queue.Queue} keeps its dead.");
            await requests.ChangeAllDeadAsync(queue, new() { Detail = chance.Pick(Detail.None, Detail.Id) }, null);
            await scheduler.DelayAsync(TimeSpan.FromSeconds(30));
        }
    }

    private async Task ActAsync()
    {
        while (left-- > 0)
        {
            if (think > TimeSpan.Zero)
                await scheduler.DelayAsync(think * chance.Part() * 2);
            var choice = chance.Below(0, actions.Sum(action => action.Weight));
            foreach (var (action, weight) in actions)
            {
                choice -= weight;
                if (choice >= 0)
                    continue;
                await action();
                break;
            }
        }
    }

    private Task PutAsync()
    {
        var (queue, id) = (chance.Queue(), chance.Id());
        return requests.PutAsync(queue, id, chance.Precondition(queue, id));
    }

    /// <summary>
    /// Sends several puts to one process, one after another, without waiting for responses. They must be placed in that order.
    /// </summary>
    private async Task PutSomeAsync()
    {
        var queue = chance.Queue();
        var (instance, begun) = (cluster.NewRequest(RequestKind.Put).Instance, scheduler.Next());
        var puts = new List<Task<Change?>>();
        for (var i = chance.Below(2, chance.Max + 3); i > 0; i--)
            puts.Add(requests.PutAsync(queue, chance.Id(), Precondition.None, instance));
        var last = Sequence.None;
        foreach (var change in await Task.WhenAll(puts))
        {
            if (change is not { Before: null })
                continue;
            if (change.Message.Sequence < last && !instance.FailedBetween(begun, scheduler.Next()))
                scheduler.Fail(new($"{change}: put after what stands behind it."));
            last = change.Message.Sequence;
        }
    }

    private Task UpdateAsync()
    {
        var (queue, id) = (chance.Queue(), chance.Id());
        return requests.UpdateAsync(queue, id, chance.Attributes(), chance.Precondition(queue, id));
    }

    private Task ProgressAsync()
    {
        var (queue, id) = (chance.Queue(), chance.Id());
        return requests.ProgressAsync(queue, id, chance.Precondition(queue, id));
    }

    private Task DeleteAsync()
    {
        var (queue, id) = (chance.Queue(), chance.Id());
        return requests.DeleteAsync(queue, id, chance.Precondition(queue, id));
    }

    private Task ListAsync()
    {
        var queue = chance.Queue();
        return requests.ListAsync(queue, chance.Selection(queue), chance.Wait());
    }

    /// <summary>Claims messages, and does with each what workers do.</summary>
    private async Task WorkAsync()
    {
        var queue = chance.Queue();
        var hide = chance.Below(1, chance.MaxHide + 1);
        var list = await requests.ChangeAllAsync(
            queue,
            new() { Limit = chance.Below(1, chance.Max), Detail = chance.Of(3) ? chance.Detail() : Detail.Full },
            new(chance.Of(8) ? chance.Ttl() : null, hide),
            chance.Wait());
        foreach (var message in list?.Messages ?? [])
        {
            if (chance.Of(3))
                await scheduler.DelayAsync(TimeSpan.FromSeconds(1.5 * hide * chance.Part()));
            var mine = new Precondition([message.Receipt.Value], null);
            switch (chance.Below(0, 8))
            {
                case 6 or 7:
                    await requests.SettleAsync(queue, message.Id, chance.Outcome(), mine);
                    break;
                case 0:
                    // The worker dies, or forgets the message.
                    break;
                case 1:
                    await requests.UpdateAsync(queue, message.Id, new(null, chance.Below(1, chance.MaxHide + 1)), mine);
                    break;
                case 2:
                    await requests.UpdateAsync(queue, message.Id, new(null, 0), mine);
                    break;
                default:
                    await requests.DeleteAsync(queue, message.Id, mine);
                    break;
            }
        }
    }

    /// <summary>Looks at dead messages, redrives or purges them, or sends an outcome for one that may be dead.</summary>
    private async Task DeadAsync()
    {
        var (queue, id) = (chance.Queue(), chance.Id());
        Attributes? redrive = chance.Of(3) ? null : new(chance.Of(2) ? chance.Ttl() : null, chance.Of(4) ? chance.Hide() : null);
        switch (chance.Below(0, 7))
        {
            case 0:
                await requests.GetDeadAsync(queue, id);
                break;
            case 1:
                await requests.DeadQueuesAsync(queue.Account, chance.QueuesOfOne());
                break;
            case 2:
                await requests.SettleAsync(queue, id, chance.Outcome(), chance.Precondition(queue, id));
                break;
            case 3:
                await requests.ChangeDeadAsync(queue, id, redrive, chance.Precondition(queue, id));
                break;
            case 4:
                await requests.ChangeAllDeadAsync(queue, chance.Selection(queue), redrive);
                break;
            default:
                await requests.ListDeadAsync(queue, chance.Selection(queue) with { Detail = chance.Detail() });
                break;
        }
    }

    private Task PolicyAsync()
    {
        var policy = chance.Policy();
        return requests.PolicyAsync(chance.Queue().Account, policy.Name, chance.ChangesPolicies && chance.Of(4) ? null : policy);
    }

    private Task TakeAsync() =>
        requests.ChangeAllAsync(
            chance.Queue(), new() { Limit = chance.Below(1, chance.Max), Detail = chance.Detail() }, null, chance.Wait());

    private Task ChangeAllAsync(Attributes? attributes)
    {
        var queue = chance.Queue();
        return requests.ChangeAllAsync(queue, chance.Selection(queue), attributes, chance.Wait());
    }

    /// <summary>Runs a visit of the timer, and meanwhile puts again some messages that the visit is to remove.</summary>
    private Task SweepAsync()
    {
        var queue = chance.Queue();
        var expired = timeline[queue].Present.Values
            .Where(message => !message.Latest.IsLive(Instance.Start + scheduler.Now))
            .Take(3)
            .Select(message => message.Id)
            .ToList();
        return Task.WhenAll([cluster.SweepAsync(), .. expired.Select(PutAgainAsync)]);

        async Task PutAgainAsync(MessageId id)
        {
            await scheduler.DelayAsync(TimeSpan.FromMilliseconds(chance.Pick(1, 10, 50, 200) * chance.Part()));
            await requests.PutAsync(queue, id, Precondition.None);
        }
    }

    private Task NamesAsync(bool delete) => chance.Of(delete ? 3 : 2)
        ? requests.AccountsAsync(chance.Accounts(), delete)
        : requests.QueuesAsync(chance.Queue().Account, chance.QueuesOfOne(), delete);
}
