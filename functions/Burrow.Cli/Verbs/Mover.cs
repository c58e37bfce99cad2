using System.Globalization;

namespace Burrow.Client.Cli.Verbs;

/// <summary>
/// Moves the messages of a queue, in order and each exactly once, wherever it is stopped. Some messages at a time are hidden here, put
/// there, and deleted here. There, each has the number of its place here, so that it is stored once, also if a worker consumed it
/// meanwhile. As numbers only grow, no message may be left behind: one that a worker holds is waited for.
/// <para>
/// A number that is stored already says that the message is there only for the batch that a kill cut off. A reader here keeps where that
/// one begins. A message before it was redriven since, into its old place: it goes with the next pass, whose numbers begin anew.
/// </para>
/// </summary>
/// <param name="from">The queue that is emptied.</param>
/// <param name="to">The queue that is filled.</param>
/// <param name="producer">How the name of the producer begins.</param>
/// <param name="target">The address of the queue that is filled.</param>
/// <param name="printer">Says what it waits for.</param>
internal sealed class Mover(
    BurrowQueue<ReadOnlyMemory<byte>> from, BurrowQueue<ReadOnlyMemory<byte>> to, string producer, Uri target, Printer printer)
{
    /// <summary>How many messages are between the queues at a time.</summary>
    private const int BatchSize = 200;

    /// <summary>
    /// For how long they are hidden: no worker gets one that is being moved. If this program is killed, the next one waits for so long.
    /// </summary>
    private static readonly TimeSpan Hide = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly BurrowProducer<ReadOnlyMemory<byte>> numbered = to.Producer(
        NameOf($"{producer}/{from.Account}/{from.Name}"), stopAtRefusal: true);

    private readonly BurrowReader batches = from.Reader(NameOf($"move:{target.Authority}/{to.Account}/{to.Name}"));

    public long Moved { get; private set; }

    public async Task RunAsync(Action<long> report, CancellationToken cancellationToken)
    {
        while (!await PassAsync(report, cancellationToken))
        {
            // What was left behind goes with numbers that begin anew.
        }
    }

    /// <summary>Moves what is there, once through the queue.</summary>
    /// <returns>Whether nothing was left behind.</returns>
    private async Task<bool> PassAsync(Action<long> report, CancellationToken cancellationToken)
    {
        var isWhole = true;
        var cutOff = await batches.GetAsync(cancellationToken) is { } reader ? NumberOf(reader.After) : -1;
        // No batch was cut off, so none of the old numbers is needed.
        if (cutOff < 0)
            await numbered.DeleteAsync(cancellationToken);
        await foreach (var batch in QueueReading.UntilEndAsync(from, null, cancellationToken).Chunk(BatchSize))
        {
            var rest = new Queue<(string Cursor, Message<ReadOnlyMemory<byte>> Message)>(
                batch.Where(message => NumberOf(message.Cursor!) > cutOff).Select(message => (message.Cursor!, message)));
            isWhole &= rest.Count == batch.Length;
            while (rest.Count > 0)
            {
                await MoveAsync(rest, cancellationToken);
                report(Moved);
            }
        }

        await batches.DeleteAsync(cancellationToken);
        return isWhole;
    }

    /// <summary>A cursor is a number that grows along the queue (docs/reference/api.md).</summary>
    private static long NumberOf(string cursor) => long.Parse(cursor, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string CursorOf(long number) => number.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>A producer's name has at most 128 bytes.</summary>
    private static string NameOf(string name) => System.Text.Encoding.UTF8.GetByteCount(name) <= 128
        ? name
        : $"move:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)))}";

    /// <summary>Moves the first messages, up to one that can't be moved yet. If that is the first, it waits a moment.</summary>
    private async Task MoveAsync(Queue<(string Cursor, Message<ReadOnlyMemory<byte>> Message)> rest, CancellationToken cancellationToken)
    {
        var first = rest.TakeWhile(one => !IsHeld(one.Message)).ToList();
        if (first.Count == 0)
        {
            await WaitAsync(rest, cancellationToken);
            return;
        }

        var held = await from.ChangeManyAsync(
            first.Select(one => MessageChange.Update(one.Message.Id, hide: Hide, receipt: one.Message.Receipt)), cancellationToken);
        // Others have changed it since it was read: nothing behind it may go before it.
        var count = held.TakeWhile(result => result.IsDone || result.Status == 404).Count();
        await batches.MoveAsync(CursorOf(NumberOf(first[0].Cursor) - 1), cancellationToken: cancellationToken);
        var puts = new List<Task<PutResult>>();
        var moved = new List<(string Id, string? Receipt)>();
        for (var i = 0; i < count; i++)
        {
            var (cursor, message) = rest.Dequeue();
            if (!held[i].IsDone)
                continue;
            puts.Add(numbered.PutNumberedAsync(NumberOf(cursor), message.Bytes, OptionsOf(message), cancellationToken));
            moved.Add((message.Id, held[i].Receipt));
        }

        var storing = Task.WhenAll(puts);
        await storing.ContinueWith(static _ => { }, TaskScheduler.Default);
        // One that was refused is visible again at once, with those behind it.
        var changes = moved.Select((one, i) => puts[i].IsCompletedSuccessfully
            ? MessageChange.Delete(one.Id, one.Receipt)
            : MessageChange.Update(one.Id, hide: TimeSpan.Zero, receipt: one.Receipt));
        var results = await from.ChangeManyAsync(changes, cancellationToken);
        for (var i = 0; i < results.Count; i++)
        {
            if (!puts[i].IsCompletedSuccessfully)
                continue;
            if (results[i].IsDone || results[i].Status == 404)
                Moved++;
            else
                printer.Say($"Message '{results[i].Id}' is in both queues now: a worker got it while it was moved. {results[i].Error}");
        }

        await storing;

        if (count < first.Count)
            await LookAgainAsync(rest, cancellationToken);
    }

    /// <summary>What is stored with a message, as it is now.</summary>
    private static PutOptions OptionsOf(Message<ReadOnlyMemory<byte>> message) => new()
    {
        Id = message.Id,
        ContentType = message.ContentType,
        Ttl = message.Ttl ?? Timeout.InfiniteTimeSpan,
        Hide = message.Hide,
        Priority = message.Priority,
        Group = message.Group,
    };

    /// <summary>
    /// Whether a worker has claimed it, or it waits to be tried again, or a move that was killed may have hidden it. Only what was put
    /// with a longer delay is moved with that. A message that was hidden by a move must not come late at the other end.
    /// </summary>
    private static bool IsHeld(Message<ReadOnlyMemory<byte>> message) =>
        message.Hide > TimeSpan.Zero && (message.Deliveries > 0 || message.Hide <= Hide);

    private async Task WaitAsync(Queue<(string Cursor, Message<ReadOnlyMemory<byte>> Message)> rest, CancellationToken cancellationToken)
    {
        // What is known of it may be old.
        var cursor = rest.Peek().Cursor;
        await LookAgainAsync(rest, cancellationToken);
        if (!rest.TryPeek(out var next) || next.Cursor != cursor || !IsHeld(next.Message))
            return;
        printer.Say($"Waiting for message '{next.Message.Id}', which is hidden for up to {next.Message.Hide.TotalSeconds:0} s.");
        await Task.Delay(Pause, cancellationToken);
    }

    /// <summary>Reads the first message again.</summary>
    private async Task LookAgainAsync(
        Queue<(string Cursor, Message<ReadOnlyMemory<byte>> Message)> rest, CancellationToken cancellationToken)
    {
        var (cursor, old) = rest.Dequeue();
        var found = await from.GetAsync(old.Id, cancellationToken);
        var others = rest.ToList();
        rest.Clear();
        // One that was put anew under the same id stands elsewhere, and comes later.
        if (found is not null && found.Inserted == old.Inserted)
            rest.Enqueue((cursor, found));
        foreach (var other in others)
            rest.Enqueue(other);
    }
}
