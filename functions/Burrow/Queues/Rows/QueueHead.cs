using System.Globalization;
using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// A queue's head row. It hands out sequences. It also prevents that the queue is removed from the directory while a put is on its
/// way. Every group of puts rewrites it, so sequences are handed out in the order in which groups commit.
/// </summary>
/// <param name="ETag">The row's ETag as it was read; null: there is no row.</param>
/// <param name="Last">The last sequence handed out.</param>
/// <param name="IsOpen">True: the queue is in the directory. False (the head is closed or missing): it may be absent there.</param>
/// <param name="Revisions">The revisions of the last groups.</param>
internal sealed record QueueHead(string? ETag, Sequence Last, bool IsOpen, Revisions? Revisions)
{
    /// <summary>The lanes that were used since the queue was opened. A queue is closed only when it is empty.</summary>
    public Lanes Lanes { get; init; } = Lanes.Default;

    /// <summary>
    /// For which concurrency of groups the queue's groups were looked through last: each of them then had as many ready messages as it may
    /// have, or none that waits.
    /// </summary>
    public long SettledConcurrency { get; init; } = 1;

    /// <summary>
    /// The relay whose outbox each put of a new message writes to; null: none. A closed head keeps the count for the next put.
    /// </summary>
    public RelayMark? Relay { get; init; }

    private const char Open = 'o';
    private const char Closed = 'c';

    public static readonly QueueHead Missing = new(null, Sequence.None, false, null);

    /// <summary>
    /// Reads the row. Its state is <c>{last sequence}.{o or c}.{revisions}</c>, and <c>.{lanes}</c> if others than the default were used,
    /// and <c>.{settled concurrency}</c> if it is not 1, and <see cref="RelayMark.ToString"/> if there is one.
    /// </summary>
    public static QueueHead From(Row? row)
    {
        if (row is null)
            return Missing;
        var parts = StateText.TextOf(row.Columns).Split('.');
        var mark = RelayMark.Parse(parts[^1]);
        if (mark is not null)
            parts = parts[..^1];
        return new(row.ETag, Sequence.TryParse(parts[0])!.Value, parts[1][0] == Open, new Revisions(parts[2]))
        {
            Lanes = parts.Length > 3
                ? new(int.Parse(parts[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
                : Lanes.Default,
            SettledConcurrency = parts.Length > 4 ? long.Parse(parts[4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : 1,
            Relay = mark,
        };
    }

    /// <summary>The head that replaces this one.</summary>
    public QueueHead Next(Sequence last, bool open, Random random) =>
        new(ETag, last, open, Revisions is { } revisions ? revisions.Next(random) : Rows.Revisions.First(random))
        {
            Lanes = open ? Lanes : Lanes.Default,
            SettledConcurrency = open ? SettledConcurrency : 1,
            Relay = Relay,
        };

    /// <summary>Changes the mark of a queue's head. If another process is faster, it reads the head and tries again.</summary>
    /// <param name="context">The engine's parts.</param>
    /// <param name="partition">The queue's partition.</param>
    /// <param name="change">What the mark of a head becomes. Where it is that already, nothing is written.</param>
    /// <returns>The head with that mark.</returns>
    public static async Task<QueueHead> MarkAsync(QueueContext context, string partition, Func<QueueHead, RelayMark?> change)
    {
        for (var tries = 0; ; tries++)
        {
            var head = await ReadAsync(context.Messages, partition, CancellationToken.None);
            var mark = change(head);
            if (mark == head.Relay)
                return head;
            var marked = head.Next(head.Last, head.IsOpen, context.Random) with { Relay = mark };
            if ((await context.Messages.SubmitAsync(partition, [marked.Write()], CancellationToken.None)).Committed)
                return marked;
            await context.BackOffAsync(tries, CancellationToken.None);
        }
    }

    /// <summary>The operation that writes this head in place of the one with this ETag.</summary>
    public Operation Write()
    {
        var columns = new Columns
        {
            { MessageColumns.State, $"{Last}.{(IsOpen ? Open : Closed)}.{Revisions!.Value.Text}{LanesText}{Relay}" },
            // The head never expires, so a query of the hidden line that leaves out expired rows still returns it.
            { MessageColumns.ExpiresAt, MessageState.Never },
        };
        return ETag is null ? Operation.Insert(QueueKeys.Head, columns) : Operation.Replace(QueueKeys.Head, columns, ETag);
    }

    private string LanesText =>
        Lanes == Lanes.Default ? ""
        : SettledConcurrency == 1 ? string.Create(CultureInfo.InvariantCulture, $".{Lanes.Bits:x}")
        : string.Create(CultureInfo.InvariantCulture, $".{Lanes.Bits:x}.{SettledConcurrency:x}");

    public static async Task<QueueHead> ReadAsync(ITable messages, string partition, CancellationToken cancellationToken) =>
        From(await messages.GetAsync(partition, QueueKeys.Head, cancellationToken));
}
