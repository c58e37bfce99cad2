using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Queues.Rows;
using Burrow.Simulation.World;
using Burrow.Tables;

namespace Burrow.Simulation.Relays;

/// <summary>
/// Sees every transaction of one side, and judges what came to it from the other one: each message once, in order, as it was put there,
/// none left out that was to come.
/// </summary>
internal sealed class RelayJudge(Side side, Scheduler scheduler, Action<Func<string>> trace) : ICommitObserver
{
    /// <summary>How far apart two clocks may be.</summary>
    private static readonly long Skew = TimeSpan.FromSeconds(11).Ticks;

    /// <summary>The epochs by which a relay is shut out are multiples of it.</summary>
    public const long Fence = 1L << 52;

    private readonly Dictionary<string, SortedDictionary<long, PutRecord>> puts = [];
    private readonly HashSet<string> numbered = [];
    private readonly HashSet<string> changes = [];

    /// <summary>Whether the relays of both sides are mirrors: what is gone here need not come there.</summary>
    public bool AreMirrors { get; set; }

    /// <summary>Whether they copied for a while: what is dead then is left out.</summary>
    public bool MayCopy { get; set; }

    /// <summary>The judge of the other side.</summary>
    public RelayJudge Other { get; set; } = null!;

    /// <summary>Whether what is left out may have been dropped: a relay was deleted, or an outbox was full.</summary>
    public bool MayDrop { get; set; }

    /// <summary>Whether the outboxes have so little room that they may be full.</summary>
    public bool MayBeFull { get; set; }

    /// <summary>The queues of which the relay of the other side was shut out here, until it is put again.</summary>
    public HashSet<string> Fenced { get; } = [];

    /// <summary>
    /// The messages that were put here and that the other side lacks, although they were to come. One that is consumed just while its queue
    /// is prepared may come all the same.
    /// </summary>
    public List<PutRecord> Owed(string partition) =>
        [.. Of(partition).Values.Where(put => put is { IsDelivered: false, Origin: null } && IsOwed(partition, put)
            && ((!MayDrop && put.IsMarked) || IsStanding(partition, put)) && !Other.HasOfItself(partition, put.Id))];

    /// <summary>Whether a message was put into a queue that was marked for a relay.</summary>
    public bool IsMarked(string partition, string id) => Of(partition).Values.Any(put => put.Id == id && put.IsMarked);

    /// <summary>Whether the link of a queue serves this relay, and has asked the other side how far it is.</summary>
    public bool HasGreeted(QueueAddress queue, Relay relay) =>
        new RelayTable(side.Tables, TimeProvider.System, new(0)).ReadAsync(queue, CancellationToken.None).Result
            is { Generation: > 0 } link && link.Incarnation == relay.Incarnation;

    /// <summary>Whether a row of the outbox is left, of a put or of a change.</summary>
    public bool HasRows => changes.Count > 0 || Puts.Any(one => one.Put.HasRow);

    /// <summary>How many messages came from the other side.</summary>
    public int Delivered { get; private set; }

    /// <summary>All that was put here, by partition and number.</summary>
    public IEnumerable<(string Partition, PutRecord Put)> Puts =>
        puts.SelectMany(queue => queue.Value.Values.Select(put => (queue.Key, put)));

    public void Committed(Instance by, string table, string partition, IReadOnlyList<Operation> operations)
    {
        trace(() => $"{TimeSpan.FromTicks(scheduler.Now)} {by.Name} {table} "
            + $"{string.Join(", ", operations.Select(operation => $"{operation.Kind} {operation.Key}{Note(table, operation)}"))}");
        if (table != QueueContext.MessagesTable)
            return;
        try
        {
            foreach (var operation in operations)
                Judge(partition, operation, operations);
        }
        catch (Violation violation)
        {
            scheduler.Fail(violation);
        }
    }

    /// <summary>Judges, after all trouble, that everything has come that was to come.</summary>
    public void JudgeComplete()
    {
        foreach (var (partition, put) in Other.Puts)
        {
            if (put.IsDelivered || put.Origin is not null || HasOfItself(partition, put.Id) || !Other.IsOwed(partition, put))
                continue;
            throw new Violation($"{put} never came to {side.Name}.");
        }
    }

    private void Judge(string partition, Operation operation, IReadOnlyList<Operation> all)
    {
        var key = operation.Key;
        if (key.StartsWith(QueueKeys.IndexFrom, StringComparison.Ordinal) && operation.Columns is { } columns
            && operation.Kind is OperationKind.Insert or OperationKind.Replace)
        {
            Stored(partition, MessageState.From(columns), all);
        }
        else if (key.StartsWith(QueueKeys.IndexFrom, StringComparison.Ordinal) && operation.Kind == OperationKind.Delete)
        {
            // A mirror writes its producer's row in the same transaction.
            var id = key[QueueKeys.IndexFrom.Length..];
            var isByMirror = all.Any(one => one.Key.StartsWith(QueueKeys.ProducersFrom, StringComparison.Ordinal));
            if (!isByMirror && Removed.Contains(partition + id) && Of(partition).Values.LastOrDefault(put => put.Id == id) is { } removed)
                removed.WasRemoved = true;
        }
        else if (ChangeRow.Is(key))
        {
            if (operation.Kind == OperationKind.Delete)
                changes.Remove(partition + key);
            else
                changes.Add(partition + key);
        }
        else if (key.StartsWith(QueueKeys.ProducersFrom, StringComparison.Ordinal) && operation.Columns is not null)
        {
            // To shut it out once more writes such an epoch, too.
            Require(
                !AreMirrors || !Fenced.Contains(partition) || key == QueueKeys.Producer(new("p"))
                    || operation.Columns.GetInteger("epoch") % Fence == 0,
                $"A mirror that was shut out at {side.Name} has changed something.");
        }
        else if (key.StartsWith(QueueKeys.OutboxFrom, StringComparison.Ordinal) && RelayRow.IsMessage(key))
        {
            var put = Of(partition).GetValueOrDefault(OutboxRows.SequenceOf(key).Value)
                ?? throw new Violation($"{key} is the row of no message.");
            if (operation.Kind == OperationKind.Delete)
            {
                Require(
                    put.IsDelivered || put.IsPassed || put.Origin is not null || Other.HasOfItself(partition, put.Id)
                        || put.RowExpiresAt - Skew < Now || MayDrop || (AreMirrors && !IsStanding(partition, put)),
                    $"The row of {put} was removed before it was sent.");
                put.HasRow = false;
            }
            else
            {
                put.HasRow = put.HadRow = true;
                put.RowExpiresAt = operation.Columns!.GetInteger(MessageColumns.ExpiresAt);
            }
        }
    }

    /// <summary>What a link says, for the trace.</summary>
    private static string Note(string table, Operation operation) => table != RelayTable.Name || operation.Columns is not { } columns
        ? ""
        : $" (prepared {columns.GetInteger("prepared")}, epoch {columns.GetInteger("epoch")}, sent {columns.GetString("sent")}, "
            + $"held {columns.GetString("holder") is not null}, {columns.GetString("reason")})";

    private long Now => Instance.Start + scheduler.Now;

    /// <summary>Whether the producer of a message has put it at this side itself, as it has changed sides.</summary>
    public bool HasOfItself(string partition, string id) => numbered.Contains(partition + id);

    private void Stored(string partition, MessageState state, IReadOnlyList<Operation> all)
    {
        var line = all.FirstOrDefault(operation => operation.Key == state.LineKey && operation.Columns is not null);
        var known = Of(partition);
        if (known.TryGetValue(state.Sequence.Value, out var there))
        {
            there.WasReplaced |= all.Any(operation => operation.Key == QueueKeys.Head);
            there.WasDead |= state.DiedAt != 0;
            there.EarliestExpiry = Math.Min(there.EarliestExpiry, state.ExpiresAt);
            return;
        }

        var origin = Origin.Parse(line?.Columns!.GetString(MessageColumns.Origin));
        var mark = all.Where(operation => operation.Key == QueueKeys.Head)
            .Select(operation => QueueHead.From(new Row(QueueKeys.Head, "", operation.Columns!)).Relay)
            .SingleOrDefault();
        Require(MayBeFull || mark is not { IsFull: true }, $"An outbox of {side.Name} is full, although it has room for all.");
        var put = new PutRecord(
            state.Id.Value,
            state.Sequence.Value,
            Convert.ToBase64String(line?.Columns!.GetBytes(MessageColumns.Body) ?? []),
            state.Priority,
            state.Group?.Value,
            state.Inserted,
            origin)
        {
            IsMarked = mark is { IsFull: false },
            EarliestExpiry = state.ExpiresAt,
        };
        known[put.Number] = put;
        if (put.Id.StartsWith("numbered", StringComparison.Ordinal))
            Require(numbered.Add(partition + put.Id), $"{put} was stored twice at {side.Name}.");
        Require(
            !put.IsMarked || all.Any(operation => operation.Key == QueueKeys.Outbox(state.Sequence)),
            $"{put} was put without its row.");
        if (origin is not null)
            Came(partition, put, origin);
    }

    /// <summary>
    /// Whether the copy of a message may have expired, although the message has got more time since. The copy was over before it was told.
    /// </summary>
    public bool MayHaveExpired(string partition, long number) =>
        Of(partition).GetValueOrDefault(number) is { } put && put.EarliestExpiry - Skew < Now;

    /// <summary>Whether a relay that copied has left a message out.</summary>
    public bool WasLeftOut(string partition, long number) =>
        MayCopy && Of(partition).GetValueOrDefault(number) is { IsPassed: true };

    /// <summary>The queues and ids of which clients of this side have removed, or tried to remove, copies.</summary>
    public HashSet<string> Removed { get; } = [];

    /// <summary>Whether a client of this side has removed the copy with a number of the other one.</summary>
    public bool HasRemoved(string partition, long number) =>
        Of(partition).Values.Any(put => put.WasRemoved && put.Origin?.Number == number);

    /// <summary>Whether a message was put at this side, and did not come from the other one.</summary>
    public bool WasPutHere(string partition, string id) => Of(partition).Values.Any(put => put.Id == id && put.Origin is null);

    /// <summary>Judges a message that came from the other side.</summary>
    private void Came(string partition, PutRecord put, Origin origin)
    {
        Delivered++;
        var theirs = Other.Of(partition);
        var original = theirs.GetValueOrDefault(origin.Number) ?? throw new Violation($"{put} was never put at the other side.");
        Require(!original.IsDelivered, $"{original} came twice.");
        Require(!Fenced.Contains(partition), $"{original} came, although its relay was shut out.");
        Require(original.Origin?.Stamps.Contains(origin.Stamps[^1]) != true, $"{original} came back.");
        Require(
            (original.Id, original.Body, original.Priority, original.Group, original.Inserted)
                == (put.Id, put.Body, put.Priority, put.Group, put.Inserted) || MayDrop || original.WasReplaced,
            $"{original} came as {put}.");
        original.IsDelivered = true;
        foreach (var (number, earlier) in theirs)
        {
            if (number >= origin.Number)
            {
                Require(!earlier.IsDelivered || number == origin.Number, $"{original} came after {earlier}.");
                continue;
            }

            // Where the clock is ahead, it may have been over, although it has got more time since.
            var isOver = AreMirrors && earlier.EarliestExpiry - Skew < Now;
            if (earlier.IsDelivered || earlier.Origin is not null || isOver || HasOfItself(partition, earlier.Id))
                continue;
            // A relay that copied left it out while it was dead, if its batch was on its way for long.
            var wasDead = Other.MayCopy && earlier.WasDead;
            Require(wasDead || !Other.IsOwed(partition, earlier), $"{earlier} was left out before {original}.");
            earlier.IsPassed = true;
        }
    }

    /// <summary>Whether a message that has not come is still to come: it has a row, or it stands here, and has not expired.</summary>
    private bool IsOwed(string partition, PutRecord put)
    {
        if (put.IsPassed)
            return false;
        if (put.HadRow && !AreMirrors)
            return put.RowExpiresAt - Skew > Now && (put.HasRow || !MayDrop || IsStanding(partition, put));
        return IsStanding(partition, put);
    }

    private bool IsStanding(string partition, PutRecord put)
    {
        return side.Tables.Open(QueueContext.MessagesTable)
            .GetAsync(partition, QueueKeys.Index(new(put.Id)), CancellationToken.None).Result is { } row
            && MessageState.From(row.Columns) is var state
            && state.Sequence.Value == put.Number
            && (AreMirrors && !MayCopy ? state.LifeAt(Now + Skew) != MessageLife.None : state.IsLive(Now + Skew));
    }

    private SortedDictionary<long, PutRecord> Of(string partition) =>
        puts.TryGetValue(partition, out var queue) ? queue : puts[partition] = [];

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new Violation(otherwise);
    }
}

/// <summary>A message that was put at one side.</summary>
internal sealed record PutRecord(
    string Id, long Number, string Body, int Priority, string? Group, long Inserted, Origin? Origin)
{
    /// <summary>When it expires, as its row says.</summary>
    public long RowExpiresAt { get; set; }

    /// <summary>The earliest instant at which it was ever to expire, UTC ticks.</summary>
    public long EarliestExpiry { get; set; }

    /// <summary>Whether it was put into a queue that was marked.</summary>
    public bool IsMarked { get; init; }

    /// <summary>Whether it has a row in the outbox.</summary>
    public bool HasRow { get; set; }

    /// <summary>Whether it ever had one.</summary>
    public bool HadRow { get; set; }

    /// <summary>Whether the other side has stored it.</summary>
    public bool IsDelivered { get; set; }

    /// <summary>Whether a later one came, while this one was not to come.</summary>
    public bool IsPassed { get; set; }

    /// <summary>Whether it was ever dead.</summary>
    public bool WasDead { get; set; }

    /// <summary>Whether it was a copy, and a client has removed it.</summary>
    public bool WasRemoved { get; set; }

    /// <summary>Whether it was put again before it had a row.</summary>
    public bool WasReplaced { get; set; }
}
