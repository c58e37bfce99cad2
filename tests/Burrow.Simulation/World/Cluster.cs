using Burrow.Health;
using Burrow.Queues;
using Burrow.Queues.Counting;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Settings;
using Burrow.Simulation.Judging;
using Burrow.Tables;
using Burrow.Tables.Memory;

namespace Burrow.Simulation.World;

/// <summary>
/// All processes on one storage account, their timers, and the way to them. The cluster replaces a process that dies, and judges
/// every response as it arrives.
/// </summary>
internal sealed class Cluster
{
    private readonly MemoryTableStore tables = new();
    private readonly Processes processes;
    private readonly Scheduler scheduler;
    private readonly Random random;
    private readonly RequestLog requests;
    private readonly Timeline timeline;
    private readonly CommitJudge commits;
    private readonly EventsJudge events;
    private readonly bool isCalm;
    private Conditions conditions;

    public Cluster(Scheduler scheduler, Random random, Conditions conditions, Timeline timeline, RequestLog requests)
    {
        (this.scheduler, this.random, this.conditions, this.timeline, this.requests) = (scheduler, random, conditions, timeline, requests);
        isCalm = conditions.IsCalm;
        events = new EventsJudge(conditions.Announces);
        var producers = new ProducersJudge();
        var results = new ResultsJudge(requests);
        commits = new CommitJudge(tables, scheduler, timeline, requests, events, producers, results);
        Answers = new AnswerJudge(timeline, producers, results);
        processes = new(scheduler, random, () => this.conditions, "p", Start, async engine =>
        {
            await engine.WriteCountsAsync(CancellationToken.None);
            await engine.SweepAsync(HealthLimits.SweepTime, CancellationToken.None);
        });
    }

    public AnswerJudge Answers { get; }

    /// <summary>From now on nothing goes wrong.</summary>
    public void CalmDown() => conditions = conditions.Calmed();

    /// <summary>Ends all processes, and starts others in their place, which remember nothing.</summary>
    public void Restart() => processes.Restart();

    /// <summary>A new request of a kind, to a random process. It begins now.</summary>
    public Request NewRequest(RequestKind kind) => new(kind, processes.Any(), scheduler.Next());

    /// <summary>Sends a request and judges its response.</summary>
    /// <returns>The answer; the default value where the request was refused, failed or was lost.</returns>
    public async Task<T?> SendAsync<T>(
        Request request, Func<QueueEngine, CancellationToken, Task<T>> send, Action<Request, T> judge, int? put = null)
    {
        requests.Add(request, put);
        requests.Trace(() => $"{request.Started.Order} {TimeSpan.FromTicks(scheduler.Now)} > {request}");
        using var client = new CancellationTokenSource();
        if (random.NextDouble() < conditions.Disconnects)
        {
            scheduler.At(
                scheduler.Now + (long)((request.Wait.Ticks + TimeSpan.TicksPerSecond) * random.NextDouble()),
                () => request.Instance.Post(_ => Disconnect(), null));
        }

        try
        {
            var answer = await request.Instance.RequestAsync(engine => send(engine, client.Token));
            End(RequestFate.Answered);
            Judge(request => judge(request, answer));
            return answer;
        }
        catch (BurrowException e)
            when (e is PreconditionFailedException or ConflictException or QuotaExceededException or OutOfTurnException
                or InvalidRequestException)
        {
            End(RequestFate.Refused);
            Judge(request => Answers.Refused(request, e));
        }
        catch (Exception e) when (e is UnavailableException or TableUnavailableException)
        {
            End(RequestFate.Failed);
            Judge(Answers.Failed);
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionLostException)
        {
            End(RequestFate.Lost);
        }

        return default;

        void Disconnect()
        {
            if (request.Fate != RequestFate.Open)
                return;
            request.IsAbandoned = true;
            client.Cancel();
        }

        // It judges here and now: the code that awaits this may await much else first.
        void Judge(Action<Request> judge)
        {
            try
            {
                judge(request);
            }
            catch (Violation violation)
            {
                scheduler.Fail(violation);
            }
        }

        void End(RequestFate fate)
        {
            (request.Fate, request.Ended) = (fate, scheduler.Next());
            requests.Mark(request.Ended, fate.ToString());
            requests.Trace(() => $"{request.Ended.Order} {TimeSpan.FromTicks(scheduler.Now)} < {request}");
        }
    }

    /// <summary>Runs a visit of the timer in a random process.</summary>
    public Task SweepAsync() => processes.VisitAsync(processes.Any());

    /// <summary>
    /// Every row that is left in any table, but the one that says that policies were changed, and visits of the timer that are still to
    /// come: a dead message is kept for days.
    /// </summary>
    public List<string> Rows()
    {
        var later = (Instance.Start + scheduler.Now + TimeSpan.TicksPerMinute) / TimeSpan.TicksPerMinute;
        return
        [
            .. commits.Written.Where(where => where.Table != SettingsTable.Name)
                .SelectMany(where => tables.Open(where.Table)
                    .QueryAsync(where.Partition, new RowQuery("!", "~"), CancellationToken.None)
                    .Result.Rows.Select(row => $"{where.Table} {row.Key}"))
                .Where(row => !row.StartsWith("due ", StringComparison.Ordinal) || string.CompareOrdinal(row, $"due {later:x8}") < 0),
        ];
    }

    /// <summary>The queues whose row counts more or fewer messages than they hold.</summary>
    public List<string> Miscounted() => [.. timeline.Queues.Select(Miscount).OfType<string>()];

    private string? Miscount(QueueTimeline queue)
    {
        var row = tables.Open(CountTable.Name).GetAsync(
            DirectoryKeys.Queues(queue.Address.Account), DirectoryKeys.Row(queue.Address.Queue.Value), CancellationToken.None).Result;
        var counts = row is null ? QueueCounts.None : CountRow.From(row).Counts;
        var dead = queue.Present.Values.Count(message => message.Latest.State.DiedAt != 0);
        return counts.Messages == queue.Present.Count && counts.Dead == dead
            ? null
            : $"{queue.Address.Account}/{queue.Address.Queue} {counts} for {queue.Present.Count}, {dead} dead";
    }

    /// <summary>
    /// Has the timer visit the queues that are counted wrong, as their next change would. A put without ttl into a queue that is there
    /// brings no visit, so what a process put so before it was killed may be missing for long.
    /// </summary>
    public void VisitMiscounted()
    {
        foreach (var queue in timeline.Queues.Where(queue => Miscount(queue) is not null))
        {
            var columns = new Columns
            {
                { DueRow.AccountColumn, queue.Address.Account.Value }, { DueRow.QueueColumn, queue.Address.Queue.Value },
            };
            tables.Open(QueueContext.DueTable).SubmitAsync(
                DueTable.PartitionOf(queue.Address),
                [Operation.Upsert(DueRow.KeyOf(scheduler.Now / TimeSpan.TicksPerMinute, queue.Address), columns)],
                CancellationToken.None).Wait();
        }
    }

    private Instance Start(NewProcess process) => new(
        scheduler,
        process.Name,
        process.Skew,
        process.Seed,
        instance => new UnreliableStore(tables, instance, scheduler, process.Chance, () => conditions, commits, requests.Trace),
        conditions.Announces ? instance => new UnreliableSink(instance, scheduler, process.Chance, () => conditions, events) : null)
    {
        IsCalm = isCalm,
        Died = process.Died,
    };
}
