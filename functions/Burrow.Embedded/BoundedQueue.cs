using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Burrow.Client;
using Burrow.Queues;

namespace Burrow.Embedded;

/// <summary>
/// A queue between the threads of a program, as Python's <c>queue.Queue</c> is one. A get removes an item, so it is for work that may be
/// lost when the program dies in the middle of it. In a file, what was not got yet is still there after a start. The queue belongs to this
/// object alone: other ways to it would make its counts wrong. It is safe for concurrent use. docs/embedded.md compares it with Python's,
/// point by point.
/// </summary>
public sealed class BoundedQueue<T> : IDisposable
{
    private const int Page = 1_000;

    private static readonly MessageSelection One = new() { Limit = 1, Detail = Detail.Body };

    /// <summary>A longer timeout is for ever.</summary>
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(40);

    private readonly QueueEngine engine;
    private readonly QueueAddress address;
    private readonly BodyFormat<T> format;
    private readonly TimeProvider time;
    private readonly Action<IDisposable> disposed;
    private readonly SemaphoreSlim? room;
    private readonly SemaphoreSlim items;
    private readonly CancellationTokenSource noMorePuts = new();
    private readonly CancellationTokenSource noMoreGets = new();
    private readonly Lock gate = new();

    /// <summary>Items that were put, and of which <see cref="TaskDone"/> was not called yet.</summary>
    private long unfinished;

    /// <summary>Puts that have their room, and are being stored.</summary>
    private int storing;

    /// <summary>By how many items the queue is fuller than it may be, as it was opened with less room than before.</summary>
    private int over;
    private bool isDisposed;
    private TaskCompletionSource? finished;
    private TaskCompletionSource? stored;

    private BoundedQueue(
        QueueEngine engine,
        QueueAddress address,
        BodyFormat<T> format,
        int maxSize,
        TimeProvider time,
        Action<IDisposable> disposed,
        int there)
    {
        (this.engine, this.address, this.format, this.time, this.disposed) = (engine, address, format, time, disposed);
        MaxSize = maxSize;
        room = maxSize > 0 ? new(Math.Max(0, maxSize - there)) : null;
        items = new(there);
        unfinished = there;
        over = maxSize > 0 ? Math.Max(0, there - maxSize) : 0;
    }

    /// <summary>How many items it holds at most; 0: without bound.</summary>
    public int MaxSize { get; }

    /// <summary>How many items it holds. It may be another number as soon as it is looked at.</summary>
    public int Count => items.CurrentCount;

    /// <summary>Whether it was shut down.</summary>
    public bool IsShutDown => noMorePuts.IsCancellationRequested;

    /// <summary>Puts an item, and waits for room if there is none.</summary>
    /// <param name="item">The item.</param>
    /// <param name="priority">0 to 9; higher ones are got first, and those of one priority in the order of the puts.</param>
    /// <param name="cancellationToken">Ends the wait; the item is not put.</param>
    /// <exception cref="ArgumentException">The priority is out of its bounds, or the item has more than 1 MiB as JSON.</exception>
    /// <exception cref="QueueShutDownException">The queue was shut down; the item is not put.</exception>
    public async Task PutAsync(T item, int priority = PutOptions.DefaultPriority, CancellationToken cancellationToken = default) =>
        await TryPutAsync(item, Timeout.InfiniteTimeSpan, priority, cancellationToken).ConfigureAwait(false);

    /// <summary>Puts an item if there is room, or comes to be within this time.</summary>
    /// <param name="item">The item.</param>
    /// <param name="timeout">How long to wait for room; 0: not at all; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <param name="priority">0 to 9; higher ones are got first, and those of one priority in the order of the puts.</param>
    /// <param name="cancellationToken">Ends the wait; the item is not put.</param>
    /// <returns>False: there was no room, and the item is not put.</returns>
    /// <exception cref="ArgumentException">The priority is out of its bounds, or the item has more than 1 MiB as JSON.</exception>
    /// <exception cref="QueueShutDownException">The queue was shut down; the item is not put.</exception>
    public async ValueTask<bool> TryPutAsync(
        T item, TimeSpan timeout, int priority = PutOptions.DefaultPriority, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfLessThan(priority, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(priority, QueueLimits.MaxPriority);
        var body = ArrayOf(format.Write(item));
        if (body.Length > QueueLimits.BodyBytes)
        {
            throw new ArgumentException(
                $"An item has at most {QueueLimits.BodyBytes} bytes as JSON, and this one {body.Length}.", nameof(item));
        }


        if (!await EnterAsync(room, timeout, noMorePuts, cancellationToken).ConfigureAwait(false))
            return false;
        lock (gate)
        {
            if (IsShutDown)
            {
                room?.Release();
                throw new QueueShutDownException();
            }

            storing++;
            unfinished++;
        }

        try
        {
            var put = new PutRequest(engine.NewId(), body, null, new(0, 0), Precondition.None) { Priority = priority };
            // Not cancelled: an item of which it is not known whether it was put would make the counts wrong.
            await engine.PutAsync(address, put, CancellationToken.None).ConfigureAwait(false);
            items.Release();
            return true;
        }
        catch
        {
            room?.Release();
            Finish(1);
            throw;
        }
        finally
        {
            lock (gate)
            {
                if (--storing == 0)
                    stored?.TrySetResult();
            }
        }
    }

    /// <summary>Gets the next item, and waits for one if there is none.</summary>
    /// <param name="cancellationToken">Ends the wait; no item is lost.</param>
    /// <exception cref="QueueShutDownException">The queue was shut down, and is empty.</exception>
    public async Task<T> GetAsync(CancellationToken cancellationToken = default) =>
        (await TryGetAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false)).Item!;

    /// <summary>Gets the next item if there is one, or comes to be within this time.</summary>
    /// <param name="timeout">How long to wait; 0: not at all; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <param name="cancellationToken">Ends the wait; no item is lost.</param>
    /// <returns>Whether there was one, and the item.</returns>
    /// <exception cref="QueueShutDownException">The queue was shut down, and is empty.</exception>
    public async ValueTask<(bool Found, T? Item)> TryGetAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (!await EnterAsync(items, timeout, noMoreGets, cancellationToken).ConfigureAwait(false))
            return (false, default);
        MessageList taken;
        try
        {
            // The item is there, as a put releases only when it is stored.
            taken = await engine.TakeAsync(address, One, TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
        }
        catch
        {
            items.Release();
            throw;
        }

        GiveRoom(1);
        return taken.Count == 1
            ? (true, format.Read(taken.Messages[0].Body, taken.Messages[0].Id.Value))
            : throw new InvalidOperationException($"Queue '{address.Queue.Value}' was used in another way, too: an item is missing.");
    }

    /// <summary>Says that the work of an item that was got is done.</summary>
    /// <exception cref="InvalidOperationException">It was called more often than items were put.</exception>
    public void TaskDone() => Finish(1);

    /// <summary>Waits until the work of every item that was put is done.</summary>
    public Task JoinAsync(CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            if (unfinished == 0)
                return Task.CompletedTask;
            if (isDisposed)
                return Task.FromException(new QueueShutDownException());
            finished ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return finished.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Shuts the queue down: puts throw, also those that wait for room. Gets go on until the queue is empty, and throw then.
    /// </summary>
    /// <param name="immediate">Whether what is in it is dropped, as if its work were done, so that gets throw at once.</param>
    public async Task ShutDownAsync(bool immediate = false)
    {
        Task storingEnds;
        lock (gate)
        {
            noMorePuts.Cancel();
            if (storing > 0)
                stored ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            storingEnds = stored?.Task ?? Task.CompletedTask;
        }

        await storingEnds.ConfigureAwait(false);
        try
        {
            if (immediate)
                await DropAsync().ConfigureAwait(false);
        }
        finally
        {
            await noMoreGets.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends all waits with <see cref="QueueShutDownException"/>. In a file, the items stay.</summary>
    [SuppressMessage("Usage", "CA2213", Justification = "What still waits uses them, and they hold nothing that needs to be given back.")]
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            finished?.TrySetException(new QueueShutDownException());
        }

        noMorePuts.Cancel();
        noMoreGets.Cancel();
        disposed(this);
    }

    /// <summary>Opens a queue, with what is in it.</summary>
    internal static async Task<BoundedQueue<T>> OpenAsync(
        QueueEngine engine,
        QueueAddress address,
        BodyFormat<T> format,
        int maxSize,
        TimeProvider time,
        Action<IDisposable> disposed,
        CancellationToken cancellationToken)
    {
        var there = 0;
        var selection = new MessageSelection { Detail = Detail.Attributes, Limit = Page, MatchHidden = true };
        while (true)
        {
            var page = await engine.ListAsync(address, selection, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            there += page.Count;
            if (page.Messages.Any(message => message.Hide > 0))
                throw new InvalidOperationException($"Queue '{address.Queue.Value}' has hidden messages: it is used in another way, too.");
            if (page.Count < selection.Limit)
                return new(engine, address, format, maxSize, time, disposed, there);
            selection = selection with { After = page.Last };
        }
    }

    /// <summary>The bytes as an array, without a copy where they are one.</summary>
    private static byte[] ArrayOf(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var part) && part.Count == part.Array!.Length ? part.Array : bytes.ToArray();

    /// <summary>Takes a unit of room, or of items.</summary>
    /// <returns>False: there was none in time.</returns>
    private async ValueTask<bool> EnterAsync(
        SemaphoreSlim? units, TimeSpan timeout, CancellationTokenSource shut, CancellationToken cancellationToken)
    {
        if (units is null || units.Wait(0, CancellationToken.None))
            return true;
        if (shut.IsCancellationRequested)
            throw new QueueShutDownException();
        if (timeout == TimeSpan.Zero)
            return false;
        var isEndless = timeout == Timeout.InfiniteTimeSpan || timeout > LongestTimeout;
        using var late = isEndless ? null : new CancellationTokenSource(timeout, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, shut.Token, late?.Token ?? default);
        try
        {
            await units.WaitAsync(any.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return shut.IsCancellationRequested ? throw new QueueShutDownException() : false;
        }
    }

    /// <summary>Takes out what no get has a claim to, as if its work were done.</summary>
    private async Task DropAsync()
    {
        var dropped = 0;
        while (items.Wait(0, CancellationToken.None))
            dropped++;
        for (var left = dropped; left > 0;)
        {
            var some = new MessageSelection { Limit = Math.Min(left, Page), Detail = Detail.Id };
            var taken = await engine.TakeAsync(address, some, TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
            if (taken.Count == 0)
                break;
            left -= taken.Count;
        }

        GiveRoom(dropped);
        // As with Python's, the work of some may have been said to be done before they were got.
        Finish(dropped, isAtMost: true);
    }

    /// <summary>Says that there is room for that many items more.</summary>
    private void GiveRoom(int count)
    {
        if (room is null)
            return;
        lock (gate)
        {
            var less = Math.Min(over, count);
            (over, count) = (over - less, count - less);
        }

        if (count > 0)
            room.Release(count);
    }

    private void Finish(int count, bool isAtMost = false)
    {
        lock (gate)
        {
            count = isAtMost ? (int)Math.Min(count, unfinished) : count;
            if (unfinished < count)
                throw new InvalidOperationException("TaskDone was called more often than items were put.");
            unfinished -= count;
            if (unfinished > 0)
                return;
            finished?.TrySetResult();
            finished = null;
        }
    }
}

/// <summary>The queue was shut down.</summary>
public sealed class QueueShutDownException() : Exception("The queue was shut down.");
