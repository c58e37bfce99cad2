using System.Text;
using Burrow.Queues;
using Burrow.Simulation.Judging;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Relays;

/// <summary>
/// Runs one seed of a world of two deployments, each with its own storage, processes and clocks, and an unreliable line between them.
/// Relays bring what is put at one side to the other.
/// </summary>
internal sealed class RelaySimulation
{
    private const int MaxNumbered = 40;

    private static readonly AccountName Account = new("a");
    private static readonly RelayName Name = new("r");

    private readonly Random random;
    private readonly Scheduler scheduler;
    private readonly Side here;
    private readonly Side there;

    /// <summary>Whether the relays are mirrors.</summary>
    private readonly bool mirrors;

    /// <summary>Whether the mirror is a copy now and then.</summary>
    private readonly bool changesMode;

    /// <summary>Whether the other side of a mirror puts messages of its own in place of copies.</summary>
    private readonly bool takesIds;

    private readonly bool facing;
    private readonly bool drops;
    private readonly bool isFull;
    private readonly bool usesProducers;
    private readonly bool putsAgain;
    private readonly int queues;
    private WireConditions wire;
    private int body;
    private int relayPuts;
    private int relayPutsUnderWay;

    /// <summary>Until when a put of the relay may still be carried out, or be unknown to a process.</summary>
    private long relayPutUntil;

    private long fences;
    /// <summary>How often the relay was deleted, and how many of these are under way.</summary>
    private int deletions;

    private int deletionsUnderWay;

    /// <summary>What the other side has put in place of copies, by queue and id.</summary>
    private readonly Dictionary<(QueueAddress Queue, MessageId Id), (byte[] Body, bool IsSure)> taken = [];

    /// <summary>The last messages that were put at the first side.</summary>
    private readonly Queue<(QueueAddress Queue, MessageId Id)> known = new();
    private int left;

    private RelaySimulation(Scheduler scheduler, Random random, bool mirrors, Action<string>? trace)
    {
        (this.scheduler, this.random, this.mirrors) = (scheduler, random, mirrors);
        wire = WireConditions.Draw(random);
        Action<Func<string>> note = trace is null ? _ => { } : text => trace(text());
        here = new("A", scheduler, random, Draw(), NewWire, note);
        there = new("B", scheduler, random, Draw(), NewWire, note);
        (here.Judge.Other, there.Judge.Other) = (there.Judge, here.Judge);
        facing = random.Next(3) == 0;
        isFull = random.Next(4) == 0;
        drops = random.Next(4) == 0;
        usesProducers = random.Next(2) == 0;
        putsAgain = random.Next(2) == 0;
        changesMode = mirrors && random.Next(4) == 0;
        takesIds = mirrors && random.Next(4) == 0;
        queues = random.Next(1, 4);
        left = random.Next(30, 150);
        // What an outbox that is full does not take, and what a relay had to send that was deleted, or of another mode, is gone.
        here.Judge.MayDrop = there.Judge.MayDrop = isFull || drops || changesMode;
        here.Judge.MayBeFull = there.Judge.MayBeFull = isFull;
        here.Judge.AreMirrors = there.Judge.AreMirrors = mirrors;
        here.Judge.MayCopy = there.Judge.MayCopy = changesMode;
        note(() => $"facing {facing}, full {isFull}, drops {drops}, modes {changesMode}, ids {takesIds}, producers {usesProducers}, "
            + $"{queues} queues, {wire}");

        Conditions Draw() => Conditions.Draw(random) with { Announces = false };

        UnreliableWire NewWire(Side side, Instance instance) =>
            new(scheduler, new(random.Next()), () => side == here ? there! : here!, () => wire);
    }

    /// <summary>Runs a seed until everything has come that was to come.</summary>
    /// <param name="seed">The same seed gives the same history, in every process.</param>
    /// <param name="mirrors">Whether the relays are mirrors; otherwise they copy.</param>
    /// <param name="trace">Receives all that happens, in words.</param>
    public static SeedOutcome Run(int seed, bool mirrors, Action<string>? trace = null)
    {
        var random = new Random(seed);
        var scheduler = new Scheduler(random.Next());
        var fingerprint = new Fingerprint();
        try
        {
            var delivered = 0;
            scheduler.Run(async () => delivered = await new RelaySimulation(scheduler, random, mirrors, trace).RunAsync());
            fingerprint.Add(delivered);
            fingerprint.Add(scheduler.Now);
            return new(seed, null, fingerprint.Value, delivered);
        }
        catch (Exception e)
        {
            var violation = e is Violation ? e.Message : e.ToString();
            trace?.Invoke(violation);
            return new(seed, violation, 0, 0);
        }
    }

    private async Task<int> RunAsync()
    {
        if (mirrors)
            await PutPolicyAsync();
        var clients = Enumerable.Range(0, random.Next(1, 6)).Select(_ => ActAsync()).ToList();
        var producer = usesProducers ? ProduceAsync() : Task.CompletedTask;
        await DelayAsync(random.Next(2) == 0 ? 0 : 60);
        await RelayAsync(here, again: true);
        if (facing)
            await RelayAsync(there, again: true);
        await Task.WhenAll(clients);
        await MissingAsync();
        here.CalmDown();
        there.CalmDown();
        wire = WireConditions.Calm;
        // What was shut out may go on only once the relay is put again.
        await RelayAsync(here, again: true);
        if (facing)
            await RelayAsync(there, again: true);
        await EmptyAsync(producer);
        await producer;
        if (mirrors)
        {
            JudgeEqual();
        }
        else
        {
            there.Judge.JudgeComplete();
            if (facing)
                here.Judge.JudgeComplete();
        }

        return there.Judge.Delivered + here.Judge.Delivered;
    }

    private async Task ActAsync()
    {
        while (left-- > 0)
        {
            await scheduler.DelayAsync(TimeSpan.FromMilliseconds(random.Next(1, 4000)));
            // Near the end of the others, now and then, what the operator does.
            switch (random.Next(30))
            {
                case 0 when putsAgain:
                    await RelayAsync(here, again: random.Next(2) == 0);
                    break;
                case 0 when changesMode:
                    await RelayAsync(here, again: true, RelayMode.Copy);
                    await DelayAsync(60);
                    await RelayAsync(here, again: true);
                    break;
                case 1 when drops:
                    await DropAsync();
                    break;
                case 2:
                    await FenceAsync();
                    break;
                case 3:
                    await MissingAsync();
                    break;
                case 4:
                    await DelayAsync(60);
                    break;
                case 5 when takesIds:
                    await TakeIdAsync();
                    break;
                case < 18:
                    await PutAsync(facing && random.Next(3) == 0 ? there : here);
                    break;
                case < 24 when mirrors:
                    await ChangeAsync();
                    break;
                case < 24:
                    await TakeAsync(there);
                    break;
                default:
                    await TakeAsync(here);
                    break;
            }
        }
    }

    /// <summary>Deletes the relay, perhaps while it is sending many messages and some of them are consumed, and puts it anew.</summary>
    private async Task DropAsync()
    {
        deletions++;
        deletionsUnderWay++;
        var many = random.Next(2) == 0 ? random.Next(5, 50) : 0;
        await Task.WhenAll(Enumerable.Range(0, many).Select(_ => PutAsync(here)));
        if (many > 0)
            await scheduler.DelayAsync(TimeSpan.FromMilliseconds(random.Next(2000)));
        await here.SendAsync(engine => engine.Relays.DeleteAsync(Account, Name, QueuePattern.All, CancellationToken.None));
        if (many > 0)
            await TakeAsync(here);
        await DelayAsync(random.Next(2) == 0 ? 2 : 20);
        await RelayAsync(here, again: true);
        deletionsUnderWay--;
    }

    private Task PutAsync(Side side)
    {
        var queue = Queue();
        // With few ids, a message meets another one of its id at the other side.
        var id = random.Next(3) == 0 ? new MessageId($"m{side.Name}{random.Next(4)}") : new MessageId($"u{++body}");
        var request = new PutRequest(
            id,
            Body(),
            random.Next(4) == 0 ? "text/plain" : null,
            new(random.Next(4) == 0 ? random.Next(1, 120) : 0, random.Next(4) == 0 ? random.Next(0, 60) : null),
            Precondition.None)
        {
            Priority = random.Next(4) == 0 ? random.Next(10) : null,
            Group = random.Next(4) == 0 ? new($"g{random.Next(2)}") : null,
        };
        if (mirrors && side == here)
            Remember(queue, id);
        return side.SendAsync(engine => engine.PutAsync(queue, request, CancellationToken.None));
    }

    private void Remember(QueueAddress queue, MessageId id)
    {
        known.Enqueue((queue, id));
        if (known.Count > 20)
            known.Dequeue();
    }

    /// <summary>At the first side, workers may use up what deliveries a message has.</summary>
    private async Task PutPolicyAsync()
    {
        var policy = new QueuePolicy(new("p"), QueuePattern.All)
        {
            MaxDeliveries = random.Next(2) == 0 ? 1 : null,
            DeadTtl = random.Next(3) == 0 ? random.Next(30, 300) : 0,
            HaltsGroupOnDead = random.Next(3) == 0,
        };
        await here.SendAsync(engine => engine.Policies.PutAsync(Account, policy, QueuePattern.All, (10, 10), CancellationToken.None));
    }

    /// <summary>Changes a message of the first side by its id, or a few.</summary>
    private async Task ChangeAsync()
    {
        if (known.Count == 0)
            return;
        var (queue, id) = known.ElementAt(random.Next(known.Count));
        var seconds = random.Next(1, 200);
        switch (random.Next(6))
        {
            case 0:
                await here.SendAsync(engine => engine.DeleteAsync(queue, id, Precondition.None, Detail.None, CancellationToken.None));
                break;
            case 1:
                await here.SendAsync(engine => engine.UpdateAsync(
                    queue, id, new(random.Next(2) == 0 ? seconds : 0, null), Precondition.None, Detail.None, CancellationToken.None));
                break;
            case 2:
                await here.SendAsync(engine => engine.SettleAsync(
                    queue, id, new(OutcomeKind.Dead, $"cause {seconds}"), Precondition.None, Detail.None, CancellationToken.None));
                break;
            case 3:
                await here.SendAsync(engine => engine.RedriveAsync(
                    queue, id, new(0, random.Next(10)), Precondition.None, Detail.None, CancellationToken.None));
                break;
            case 4:
                await here.SendAsync(engine => engine.PurgeAsync(queue, id, Precondition.None, Detail.None, CancellationToken.None));
                break;
            default:
                // Now and then again and again: later changes follow while earlier ones are on their way.
                for (var again = random.Next(2) == 0 ? 1 : random.Next(2, 30); again > 0; again--)
                {
                    await here.SendAsync(engine => engine.PutAsync(
                        queue, new(id, Body(), null, new(0, null), Precondition.None), CancellationToken.None));
                    await scheduler.DelayAsync(TimeSpan.FromMilliseconds(random.Next(1000)));
                }

                break;
        }
    }

    /// <summary>The other side puts a message of its own in place of a copy. What becomes of that message here is nothing to it.</summary>
    private async Task TakeIdAsync()
    {
        var (queue, id, body) = (Queue(), new MessageId($"m{here.Name}{random.Next(4)}"), Body());
        // One whose answer is lost may stand there all the same.
        if (!taken.TryAdd((queue, id), (body, false)))
            return;
        there.Judge.Removed.Add(queue.Partition + id.Value);
        await there.SendAsync(engine => engine.DeleteAsync(queue, id, Precondition.None, Detail.None, CancellationToken.None));
        var put = await there.SendAsync(engine => engine.PutAsync(
            queue, new(id, body, null, new(0, 0), Precondition.MustNotExist), CancellationToken.None));
        taken[(queue, id)] = (body, put is not null);
    }

    /// <summary>What the other side has put itself stands there as it was put. Then it is removed: it holds the mirror up.</summary>
    private async Task RemoveTakenAsync()
    {
        foreach (var ((queue, id), (body, isSure)) in taken)
        {
            var found = await there.SendAsync(engine => engine.GetAsync(queue, id, Detail.All, CancellationToken.None));
            if (found?.Body.AsSpan().SequenceEqual(body) == true)
                await there.SendAsync(engine => engine.DeleteAsync(queue, id, Precondition.None, Detail.None, CancellationToken.None));
            else if (isSure)
                throw new Violation($"{queue.Queue}: {id}, which was put at {there.Name}, is {found} now.");
        }

        taken.Clear();
    }

    /// <summary>Both sides hold the same.</summary>
    private void JudgeEqual()
    {
        for (var i = 0; i < queues; i++)
        {
            Judge(new(here, there, scheduler), QueueOf(i));
            // What the first side consumes of what came to it does not go back. So only what it has is judged.
            if (facing)
                Judge(new(there, here, scheduler) { MayLack = true }, QueueOf(i));
        }

        void Judge(MirrorJudge judge, QueueAddress queue)
        {
            // After a mirror was deleted and put again, or another relay has become one, a queue that is empty is compared at its next put.
            var isCompared = !(drops || changesMode) || judge.IsPrepared(queue);
            if (judge.DifferencesOf(queue).Find(one => one.Kind != "has" || isCompared) is { } first)
                throw new Violation($"{queue.Queue}: {first.Text}");
        }
    }

    private Task TakeAsync(Side side)
    {
        var (queue, limit) = (Queue(), random.Next(1, 6));
        return random.Next(3) == 0
            ? side.SendAsync(engine => engine.UpdateAsync(
                queue, new() { Limit = limit, Detail = Detail.All }, new(null, random.Next(1, 30)), NoWait, CancellationToken.None))
            : side.SendAsync(engine => engine.TakeAsync(
                queue, new() { Limit = limit, Detail = Detail.All }, NoWait, CancellationToken.None));
    }

    private static WaitOptions NoWait => new(TimeSpan.Zero, 100, null);

    /// <summary>A producer that numbers its messages, and may change sides for good. Each is stored once, wherever it was put.</summary>
    private async Task ProduceAsync()
    {
        var (queue, name) = (Queue(), new ProducerName("p"));
        var changesAt = random.Next(2) == 0 && !here.Judge.MayDrop ? random.Next(1, MaxNumbered) : MaxNumbered;
        var number = 0;
        while (number < MaxNumbered)
        {
            // The number of a message that was put before the relay does not go along.
            if (number == changesAt && !here.Judge.IsMarked(queue.Partition, $"numbered{number - 1}"))
                changesAt++;
            var side = number < changesAt ? here : there;
            var request = new PutRequest(new($"numbered{number}"), Body(), null, new(0, null), Precondition.None)
            {
                Number = new(name, number, 0, number == 0 ? null : number - 1),
            };
            if (await side.SendAsync(engine => engine.PutAsync(queue, request, CancellationToken.None)) is not null)
                number++;
            await scheduler.DelayAsync(TimeSpan.FromMilliseconds(random.Next(1, 3000)));
        }
    }

    /// <summary>Puts the relay of a side, or puts it again.</summary>
    private async Task RelayAsync(Side side, bool again, RelayMode mode = RelayMode.Mirror)
    {
        var relay = new Relay(Name, QueuePattern.All, new($"https://{(side == here ? "b" : "a")}.example"), Account)
        {
            Mode = mirrors ? mode : RelayMode.Copy,
            MaxOutbox = isFull ? random.Next(1, 8) : RelayLimits.MaxOutbox,
            RefusesWhenFull = isFull && random.Next(2) == 0,
        };
        var isPut = false;
        do
        {
            if (side == here)
            {
                relayPuts++;
                relayPutsUnderWay++;
                there.Judge.Fenced.Clear();
            }

            isPut = await side.SendAsync(async engine =>
            {
                await engine.Relays.PutAsync(Account, relay, QueuePattern.All, CancellationToken.None);
                return true;
            });
            if (side == here)
            {
                relayPutsUnderWay--;
                // One whose answer was lost may be carried out late. Each process hears of one some seconds later.
                relayPutUntil = Math.Max(relayPutUntil, scheduler.Now + TimeSpan.FromSeconds(isPut ? 10 : 60).Ticks);
            }

            await DelayAsync(2);
        }
        while (again && !isPut);
    }

    /// <summary>Shuts the relay of the first side out at the other one.</summary>
    private async Task FenceAsync()
    {
        // Before it is asked how the relay is: the answer may take long.
        var (before, isLongAgo) = (relayPuts, relayPutsUnderWay == 0 && scheduler.Now > relayPutUntil);
        var state = await here.SendAsync(engine => engine.Relays.GetAsync(Account, Name, QueuePattern.All, CancellationToken.None));
        foreach (var link in state?.Links ?? [])
        {
            var queue = new QueueAddress(Account, link.Queue);
            var (epoch, hasGreeted) = (RelayJudge.Fence * ++fences, here.Judge.HasGreeted(queue, state!.Relay));
            if (await there.SendAsync(engine => engine.Producers.PutEpochAsync(queue, link.Producer, epoch, CancellationToken.None))
                is { Producer: not null })
            {
                // A relay that is put again meanwhile, perhaps late, or that has just begun with the queue, may go on.
                if (relayPuts == before && isLongAgo && hasGreeted)
                    there.Judge.Fenced.Add(queue.Partition);
            }
        }
    }

    /// <summary>What the other side lacks is all among what is said to be missing.</summary>
    private async Task MissingAsync()
    {
        var before = Enumerable.Range(0, queues).ToDictionary(i => QueueOf(i).Queue, i => here.Judge.Owed(QueueOf(i).Partition));
        var (different, deletionsBefore, isDeleted) = (DifferencesNow(), deletions, deletionsUnderWay > 0);
        var found = await here.SendAsync(engine => engine.Relays.MissingAsync(Account, Name, QueuePattern.All, CancellationToken.None));
        // What a relay that is deleted meanwhile had to send, is not said.
        if (found is not var (missing, _) || isDeleted || deletions != deletionsBefore)
            return;
        if (mirrors)
        {
            // Nor, of one that copies, what has changed.
            if (changesMode)
                return;
            foreach (var (queue, one) in DifferencesNow().Where(different.Contains))
            {
                if (!missing.Any(named => named.Queue == queue.Queue && named.Id.Value == one.Id))
                    scheduler.Fail(new($"{one.Text}, and it is not said."));
            }

            return;
        }

        foreach (var (queue, owed) in before)
        {
            var still = here.Judge.Owed(new QueueAddress(Account, queue).Partition);
            foreach (var put in owed.Where(still.Contains))
            {
                if (!missing.Any(one => one.Queue == queue && one.Id.Value == put.Id))
                    scheduler.Fail(new($"{put} is missing at the other side, and it is not said."));
            }
        }
    }

    /// <summary>
    /// Removes copies at the first side. One that died there, while the message itself expired, holds the relay up when its id is put anew.
    /// </summary>
    private async Task RemoveCopiesAsync()
    {
        for (var i = 0; i < queues; i++)
        {
            for (var id = 0; id < 4; id++)
            {
                var (queue, copy) = (QueueOf(i), new MessageId($"mB{id}"));
                await here.SendAsync(engine => engine.DeleteAsync(queue, copy, Precondition.None, Detail.None, CancellationToken.None));
                await here.SendAsync(engine => engine.PurgeAsync(queue, copy, Precondition.None, Detail.None, CancellationToken.None));
            }
        }
    }

    private List<(QueueAddress Queue, Difference One)> DifferencesNow()
    {
        if (!mirrors)
            return [];
        var judge = new MirrorJudge(here, there, scheduler) { DiesWithBurial = true };
        return
        [
            .. Enumerable.Range(0, queues).Select(QueueOf).SelectMany(queue => judge.DifferencesOf(queue)
                // Until the queue is prepared, it is not known what there is too much.
                .Where(one => one.Kind != "has" || judge.IsPrepared(queue))
                .Select(one => (queue, one))),
        ];
    }

    /// <summary>Empties both sides, unless they are to be alike, and waits until nothing is left to send.</summary>
    private async Task EmptyAsync(Task others)
    {
        for (var minutes = 0; minutes < 3 || taken.Count > 0 || !others.IsCompleted || HasRows(); minutes++)
        {
            if (minutes > 60)
                throw new Violation(others.IsCompleted ? "The outboxes are never emptied." : "The producer can't go on.");
            // The operator sees that the relay is shut out, and puts it again.
            var state = await here.SendAsync(engine => engine.Relays.GetAsync(Account, Name, QueuePattern.All, CancellationToken.None));
            if (state?.Links.Any(link => link.Reason?.StartsWith("Fenced", StringComparison.Ordinal) == true) == true
                || (changesMode && state?.Relay.Mode == RelayMode.Copy))
            {
                await RelayAsync(here, again: true);
            }

            if (mirrors && facing)
                await RemoveCopiesAsync();
            if (minutes == 3)
                await RemoveTakenAsync();
            // An id that is still at the other side holds the relay up.
            for (var i = 0; i < queues && !mirrors; i++)
            {
                foreach (var side in new[] { there, here })
                {
                    if (side == here && !facing)
                        continue;
                    await side.SendAsync(engine => engine.TakeAsync(
                        QueueOf(i), new() { MatchHidden = true, Detail = Detail.None }, NoWait, CancellationToken.None));
                }
            }

            await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
        }
    }

    private bool HasRows() => here.Judge.HasRows || (facing && there.Judge.HasRows);

    private byte[] Body() => Encoding.UTF8.GetBytes($"body {++body}{(random.Next(20) == 0 ? new string('x', 40_000) : "")}");

    private QueueAddress Queue() => QueueOf(random.Next(queues));

    private static QueueAddress QueueOf(int number) => new(Account, new($"q{number}"));

    private Task DelayAsync(int seconds) => scheduler.DelayAsync(TimeSpan.FromSeconds(seconds * random.NextDouble()));
}
