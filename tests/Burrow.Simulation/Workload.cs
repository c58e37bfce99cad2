using System.Text;
using Burrow.Queues;
using Burrow.Simulation.Judging;
using Burrow.Simulation.World;

namespace Burrow.Simulation;

/// <summary>
/// The clients of one seed: random requests of all kinds, workers that claim and acknowledge (or don't), readers that follow
/// their marker. Each waits for its answer before it goes on; there are several.
/// </summary>
internal sealed class Workload
{
    private static readonly string[] AccountNames = ["a", "é", "a1"];
    private static readonly string[] QueueNames = ["q", "Q/1", "zz"];

    private readonly Scheduler scheduler;
    private readonly Random random;
    private readonly Cluster cluster;
    private readonly AnswerJudge judge;
    private readonly Timeline timeline;
    private readonly List<QueueAddress> queues;
    private readonly List<Reader> readers = [];
    private readonly Dictionary<(QueueAddress, MessageId), string> receipts = [];
    private readonly int ids;
    private readonly int most;
    private readonly int longestHide;
    private readonly int longestTtl;
    private readonly double large;
    private readonly TimeSpan think;
    private readonly (Func<Task> Action, int Weight)[] actions;
    private int bodies;
    private int left;

    public Workload(Scheduler scheduler, Random random, Cluster cluster, Timeline timeline)
    {
        (this.scheduler, this.random, this.cluster, this.timeline) = (scheduler, random, cluster, timeline);
        judge = cluster.Answers;
        queues = [.. timeline.Queues.Select(queue => queue.Address)];
        ids = random.Next(5) == 0 ? 80 : random.Next(2, 16);
        longestHide = Pick(2, 10, 40);
        longestTtl = Pick(3, 20, 700);
        large = Pick(0, 0, 5) / 100.0;
        think = TimeSpan.FromMilliseconds(Pick(0, 20, 500, 5000));
        left = random.Next(40, 220);
        most = ids > 16 ? 40 : 6;
        // Not every kind in every seed, so that those there are meet more often.
        int Weight(int weight) => random.Next(4) == 0 ? 0 : weight * random.Next(1, 4);
        actions =
        [
            (PutAsync, 4 + Weight(4)),
            (PutSomeAsync, Weight(2)),
            (GetAsync, Weight(1)),
            (UpdateAsync, Weight(2)),
            (DeleteAsync, Weight(2)),
            (ListAsync, Weight(2)),
            (WorkAsync, Weight(4)),
            (TakeAsync, Weight(2)),
            (ChangeAllAsync, Weight(1)),
            (DeleteAllAsync, Weight(1)),
            (ListNamesAsync, Weight(1)),
            (DeleteNamesAsync, Weight(1)),
            (cluster.SweepAsync, Weight(1)),
            (() => scheduler.DelayAsync(TimeSpan.FromSeconds(random.Next(1, 90))), Weight(1)),
            (() => scheduler.DelayAsync(TimeSpan.FromMinutes(random.Next(1, 15))), random.Next(5) == 0 ? 1 : 0),
        ];
    }

    /// <summary>The queues that there may be in a world.</summary>
    public static List<QueueAddress> Universe(Random random)
    {
        var (accounts, queues) = (random.Next(1, AccountNames.Length + 1), random.Next(1, QueueNames.Length + 1));
        return [.. AccountNames.Take(accounts).SelectMany(account => QueueNames.Take(queues).Select(queue => new QueueAddress(new(account), new(queue))))];
    }

    /// <summary>All clients, until each has sent what it was to send.</summary>
    public async Task RunAsync()
    {
        var clients = new List<Task>();
        for (var i = random.Next(1, 8); i > 0; i--)
            clients.Add(ActAsync());
        for (var i = random.Next(0, 3); i > 0; i--)
            readers.Add(new Reader(this, queues[random.Next(queues.Count)], random.Next(2) == 0));
        var following = readers.ConvertAll(reader => reader.RunAsync());
        await Task.WhenAll(clients);
        foreach (var reader in readers)
            reader.Stop();
        await Task.WhenAll(following);
    }

    /// <summary>With nothing going wrong any more: readers see the rest, and every list is exact.</summary>
    public async Task CheckAsync()
    {
        foreach (var reader in readers)
            await reader.FinishAsync();
        foreach (var queue in queues)
        {
            await SendListAsync(queue, new() { MatchHidden = true, Detail = Detail.Full }, TimeSpan.Zero);
            await SendListAsync(queue, new() { Detail = Detail.Full }, TimeSpan.Zero);
            for (var i = 0; i < ids; i++)
                await GetAsync(queue, new($"m{i}"));
        }

        await SendNamesAsync(cluster.NewRequest(RequestKind.Accounts));
        foreach (var account in timeline.Accounts)
            await SendNamesAsync(cluster.NewRequest(RequestKind.Queues) with { Account = account });
    }

    /// <summary>Empties every queue, as soon as what is hidden is visible, or at once.</summary>
    public async Task DrainAsync()
    {
        var how = random.Next(4);
        if (how == 0)
            await SendNamesAsync(cluster.NewRequest(RequestKind.DeleteAccounts));
        foreach (var account in timeline.Accounts.Where(_ => how == 1))
            await SendNamesAsync(cluster.NewRequest(RequestKind.DeleteQueues) with { Account = account });
        foreach (var queue in queues)
        {
            var request = cluster.NewRequest(RequestKind.List);
            for (var tries = 0; timeline[queue].Messages.Exists(message => message.EverLive(new Span(scheduler.Next(), scheduler.Next(), request.Instance))); tries++)
            {
                // Nothing is hidden for longer than an hour.
                if (tries > 500)
                    throw new Violation($"{queue.Queue} can't be emptied.");
                var selection = new MessageSelection { Limit = random.Next(1, 30) };
                if (await SendAllAsync(RequestKind.DeleteAll, queue, selection, default, TimeSpan.FromSeconds(random.Next(2) * 20)) is null or { Count: 0 })
                    await scheduler.DelayAsync(TimeSpan.FromSeconds(10));
            }
        }
    }

    private async Task ActAsync()
    {
        while (left-- > 0)
        {
            if (think > TimeSpan.Zero)
                await scheduler.DelayAsync(think * random.NextDouble() * 2);
            var choice = random.Next(actions.Sum(action => action.Weight));
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

    private Task PutAsync() => PutAsync(AnyQueue(), AnyId(), AnyPrecondition);

    /// <summary>Several, one after another, without waiting for any; of one process, in that order.</summary>
    private async Task PutSomeAsync()
    {
        var queue = AnyQueue();
        var first = cluster.NewRequest(RequestKind.Put);
        var puts = new List<Task<Change?>>();
        for (var i = random.Next(2, most + 3); i > 0; i--)
            puts.Add(PutAsync(queue, AnyId(), (_, _) => Precondition.None, first.Instance));
        var last = Sequence.None;
        foreach (var change in await Task.WhenAll(puts))
        {
            if (change is not { Before: null })
                continue;
            if (change.Message.Sequence < last && !first.Instance.FailedBetween(first.Started, scheduler.Next()))
                scheduler.Fail(new($"{change}: put after what stands behind it."));
            last = change.Message.Sequence;
        }
    }

    private async Task<Change?> PutAsync(
        QueueAddress queue, MessageId id, Func<QueueAddress, MessageId, Precondition> precondition, Instance? instance = null)
    {
        var number = ++bodies;
        var body = Encoding.ASCII.GetBytes($"{number}:");
        if (random.NextDouble() < large)
            Array.Resize(ref body, Limits.InlineBytes + random.Next(3));
        var request = cluster.NewRequest(RequestKind.Put) with
        {
            Queue = queue,
            Id = id,
            Body = body,
            ContentType = random.Next(4) == 0 ? $"text/{number}" : null,
            Attributes = new(Pick(0, 1, 2) == 0 ? null : AnyTtl(), Pick(0, 1, 2) == 0 ? AnyHide() : null),
            Precondition = precondition(queue, id),
        };
        request = request with { Instance = instance ?? request.Instance };
        var result = await cluster.SendAsync(
            request,
            (engine, token) => engine.PutAsync(queue, new(id, request.Body, request.ContentType, request.Attributes, request.Precondition), token),
            judge.Put,
            number);
        if (result is null)
            return null;
        receipts[(queue, id)] = result.Receipt.Value;
        return request.Change;
    }

    private Task GetAsync() => GetAsync(AnyQueue(), AnyId());

    private async Task GetAsync(QueueAddress queue, MessageId id)
    {
        var request = cluster.NewRequest(RequestKind.Get) with { Queue = queue, Id = id, Detail = AnyDetail() };
        Remember(queue, await cluster.SendAsync(request, (engine, token) => engine.GetAsync(queue, id, request.Detail, token), judge.Get));
    }

    private Task UpdateAsync()
    {
        var (queue, id) = (AnyQueue(), AnyId());
        return UpdateAsync(queue, id, AnyAttributes(), AnyPrecondition(queue, id));
    }

    private async Task<Message?> UpdateAsync(QueueAddress queue, MessageId id, Attributes attributes, Precondition precondition)
    {
        var request = cluster.NewRequest(RequestKind.Update) with
        {
            Queue = queue,
            Id = id,
            Attributes = attributes,
            Precondition = precondition,
            Detail = AnyDetail(),
        };
        return Remember(queue, await cluster.SendAsync(
            request, (engine, token) => engine.UpdateAsync(queue, id, attributes, precondition, request.Detail, token), judge.Change));
    }

    private Task DeleteAsync()
    {
        var (queue, id) = (AnyQueue(), AnyId());
        return DeleteAsync(queue, id, AnyPrecondition(queue, id));
    }

    private async Task DeleteAsync(QueueAddress queue, MessageId id, Precondition precondition)
    {
        var request = cluster.NewRequest(RequestKind.Delete) with { Queue = queue, Id = id, Precondition = precondition, Detail = random.Next(2) == 0 ? Detail.None : AnyDetail() };
        await cluster.SendAsync(request, (engine, token) => engine.DeleteAsync(queue, id, precondition, request.Detail, token), judge.Change);
    }

    private Task ListAsync()
    {
        var queue = AnyQueue();
        return SendListAsync(queue, AnySelection(queue), AnyWait());
    }

    private async Task<MessageList?> SendListAsync(QueueAddress queue, MessageSelection selection, TimeSpan wait)
    {
        var request = cluster.NewRequest(RequestKind.List) with { Queue = queue, Selection = selection, Detail = selection.Detail, Wait = wait };
        var list = await cluster.SendAsync(request, (engine, token) => engine.ListAsync(queue, selection, wait, token), judge.List);
        foreach (var message in list?.Messages ?? [])
            Remember(queue, message);
        return list;
    }

    /// <summary>Claims, and does with each what workers do.</summary>
    private async Task WorkAsync()
    {
        var queue = AnyQueue();
        var selection = new MessageSelection { Limit = random.Next(1, most), Detail = Pick(0, 1, 2) == 0 ? AnyDetail() : Detail.Full };
        var hide = random.Next(1, longestHide + 1);
        var list = await SendAllAsync(RequestKind.UpdateAll, queue, selection, new(random.Next(8) == 0 ? AnyTtl() : null, hide), AnyWait());
        foreach (var message in list?.Messages ?? [])
        {
            if (random.Next(3) == 0)
                await scheduler.DelayAsync(TimeSpan.FromSeconds(1.5 * hide * random.NextDouble()));
            var mine = new Precondition([message.Receipt.Value], null);
            switch (random.Next(6))
            {
                case 0:
                    // Dies, or forgets it.
                    break;
                case 1:
                    await UpdateAsync(queue, message.Id, new(null, random.Next(1, longestHide + 1)), mine);
                    break;
                case 2:
                    await UpdateAsync(queue, message.Id, new(null, 0), mine);
                    break;
                default:
                    await DeleteAsync(queue, message.Id, mine);
                    break;
            }
        }
    }

    private Task TakeAsync() => SendAllAsync(
        RequestKind.DeleteAll, AnyQueue(), new() { Limit = random.Next(1, most), Detail = AnyDetail() }, default, AnyWait());

    private Task ChangeAllAsync()
    {
        var queue = AnyQueue();
        return SendAllAsync(RequestKind.UpdateAll, queue, AnySelection(queue), AnyAttributes(), AnyWait());
    }

    private Task DeleteAllAsync()
    {
        var queue = AnyQueue();
        return SendAllAsync(RequestKind.DeleteAll, queue, AnySelection(queue), default, AnyWait());
    }

    private async Task<MessageList?> SendAllAsync(
        RequestKind kind, QueueAddress queue, MessageSelection selection, Attributes attributes, TimeSpan wait)
    {
        var request = cluster.NewRequest(kind) with { Queue = queue, Selection = selection, Attributes = attributes, Detail = selection.Detail, Wait = wait };
        var list = await cluster.SendAsync(
            request,
            (engine, token) => kind == RequestKind.UpdateAll
                ? engine.UpdateAsync(queue, selection, attributes, wait, token)
                : engine.TakeAsync(queue, selection, wait, token),
            judge.ChangeAll);
        foreach (var message in list?.Messages ?? [])
            Remember(queue, message);
        return list;
    }

    private Task ListNamesAsync() => SendNamesAsync(random.Next(2) == 0
        ? cluster.NewRequest(RequestKind.Accounts) with { Names = AnyNames(AccountNames) }
        : cluster.NewRequest(RequestKind.Queues) with { Account = AnyQueue().Account, Names = AnyNames(QueueNames) });

    private Task DeleteNamesAsync() => SendNamesAsync(random.Next(3) == 0
        ? cluster.NewRequest(RequestKind.DeleteAccounts) with { Names = AnyNames(AccountNames) }
        : cluster.NewRequest(RequestKind.DeleteQueues) with { Account = AnyQueue().Account, Names = AnyNames(QueueNames) });

    private Task SendNamesAsync(Request request) => cluster.SendAsync(
        request,
        (engine, token) => request.Kind switch
        {
            RequestKind.Accounts => engine.AccountsAsync(request.Names, token),
            RequestKind.Queues => engine.QueuesAsync(request.Account!.Value, request.Names, token),
            RequestKind.DeleteAccounts => engine.DeleteAccountsAsync(request.Names, token),
            _ => engine.DeleteQueuesAsync(request.Account!.Value, request.Names, token),
        },
        judge.Names);

    private Message? Remember(QueueAddress queue, Message? message)
    {
        if (message is not null)
            receipts[(queue, message.Id)] = message.Receipt.Value;
        return message;
    }

    private QueueAddress AnyQueue() => queues[random.Next(queues.Count)];

    private MessageId AnyId() => new(random.Next(12) == 0 ? $"once {++bodies}" : $"m{random.Next(ids)}");

    private Precondition AnyPrecondition(QueueAddress queue, MessageId id) => random.Next(6) switch
    {
        0 => Precondition.MustNotExist,
        1 => new(["*"], null),
        2 or 3 when receipts.TryGetValue((queue, id), out var receipt) => new([receipt], null),
        4 when receipts.TryGetValue((queue, id), out var receipt) => new(null, [receipt]),
        _ => Precondition.None,
    };

    private Attributes AnyAttributes() => random.Next(4) switch
    {
        0 => new(AnyTtl(), null),
        1 => new(AnyTtl(), AnyHide()),
        _ => new(null, AnyHide()),
    };

    private long AnyTtl() => random.Next(4) == 0 ? 0 : random.Next(1, longestTtl + 1);

    private long AnyHide() => random.Next(3) == 0 ? 0 : random.Next(1, longestHide + 1);

    private Detail AnyDetail() => (Detail)random.Next((int)Detail.Id, (int)Detail.Full + 1);

    private TimeSpan AnyWait() => TimeSpan.FromSeconds(random.Next(3) == 0 ? random.Next(1, 25) : 0);

    private NameSelection AnyNames(string[] names) => new(
        random.Next(3) == 0 ? names[random.Next(names.Length)] : null, random.Next(3) == 0 ? random.Next(1, 3) : null);

    private MessageSelection AnySelection(QueueAddress queue)
    {
        var place = random.Next(4);
        var messages = timeline[queue].Messages;
        return new()
        {
            Limit = random.Next(2) == 0 ? random.Next(1, 2 * most) : null,
            MatchHidden = random.Next(3) == 0,
            Detail = random.Next(5) == 0 ? Detail.None : AnyDetail(),
            Marker = place == 0 ? AnyId() : null,
            After = place == 1 && messages.Count > 0 ? messages[random.Next(messages.Count)].Sequence : null,
        };
    }

    private T Pick<T>(params T[] values) => values[random.Next(values.Length)];

    /// <summary>Follows a queue from its end of now on, by the cursor or by the last id, as it was told to.</summary>
    private sealed class Reader(Workload workload, QueueAddress queue, bool byCursor)
    {
        private readonly List<(Moment Ended, Sequence Last, Span Span)> passes = [];
        private readonly HashSet<Sequence> seen = [];
        private Sequence last;
        private MessageId? marker;
        private bool stopped;

        public async Task RunAsync()
        {
            while (!stopped)
            {
                await ReadAsync(TimeSpan.FromSeconds(workload.random.Next(0, 20)));
                await workload.scheduler.DelayAsync(TimeSpan.FromSeconds(1 + 3 * workload.random.NextDouble()));
            }
        }

        public void Stop() => stopped = true;

        /// <summary>Reads to the end, and judges that nothing was missed and nothing was seen twice.</summary>
        public async Task FinishAsync()
        {
            while (await ReadAsync(TimeSpan.Zero))
            {
                // There was more.
            }

            foreach (var message in workload.timeline[queue].Messages.Where(message => message.Sequence <= last && !seen.Contains(message.Sequence)))
            {
                var pass = passes.Find(pass => pass.Last >= message.Sequence);
                var there = message.Inserted > pass.Span.From ? pass.Span.Within(message.Inserted, pass.Ended) : pass.Span;
                if (message.Inserted > pass.Ended || message.AlwaysMatches(there, matchHidden: false))
                    throw new Violation($"A reader of {queue.Queue} never saw {message.Id} ({message.Sequence}), put at {message.Inserted.Order}, passed by {pass.Ended.Order}.");
            }
        }

        /// <returns>Whether it saw anything.</returns>
        private async Task<bool> ReadAsync(TimeSpan wait)
        {
            // A marker whose message expired begins anew.
            var usesMarker = !byCursor && marker is not null && workload.timeline[queue].Find(last) is { } message
                && message.Ended == Moment.End && message.Latest.State.ExpiresAt == MessageState.Never;
            var selection = new MessageSelection
            {
                Detail = workload.AnyDetail(),
                Limit = workload.random.Next(3) == 0 ? workload.random.Next(1, 6) : null,
                After = usesMarker || last == Sequence.None ? null : last,
                Marker = usesMarker ? marker : null,
            };
            var request = workload.cluster.NewRequest(RequestKind.List) with { Queue = queue, Selection = selection, Detail = selection.Detail, Wait = wait };
            var list = await workload.cluster.SendAsync(request, (engine, token) => engine.ListAsync(queue, selection, wait, token), workload.judge.List);
            if (list is null or { Count: 0 })
                return false;
            if (usesMarker && !workload.timeline[queue].Find(last)!.AlwaysLive(request.Span))
            {
                // The marker's message went meanwhile: the list may begin anywhere. A cursor is good for ever.
                marker = null;
                return true;
            }

            foreach (var shown in list.Messages)
            {
                if (!seen.Add(shown.Sequence))
                    workload.scheduler.Fail(new($"A reader of {queue.Queue} saw {shown.Id} twice."));
            }

            (last, marker) = (list.Last, list.Messages[^1].Id);
            passes.Add((request.Ended, last, request.Span));
            return true;
        }
    }
}
