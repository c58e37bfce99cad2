using Burrow.Queues;

namespace Burrow.Access;

/// <summary>What one request has reserved of a <see cref="MemoryBudget"/>. Dispose it after the response.</summary>
internal sealed class RequestMemory(MemoryBudget budget, Payer? payer, bool manages) : IAnswerMemory, IDisposable
{
    /// <summary>A message in memory, its JSON, and the space that the JSON grows into.</summary>
    private const int BytesPerAnswerByte = 3;

    /// <summary>A request that needs no more bytes than this is not weighed. The limits on requests bound their number.</summary>
    private const long FreeBytes = 16 * 1024;

    /// <summary>Taken by the request, and by the group that claims for it.</summary>
    private readonly Lock gate = new();

    private Reservation? held;

    /// <summary>The bytes of the answer's messages. What was reserved before is for them, too.</summary>
    private long answer;

    private long Held => held?.Bytes ?? 0;

    /// <summary>Whether it is too little to weigh, as long as nothing else is reserved.</summary>
    private bool IsFree(long total) => held is null && total <= FreeBytes;

    /// <summary>Whether other requests, of its account or of others, wait for the memory that this one has.</summary>
    public bool IsAwaited => held?.IsAwaited == true;

    /// <summary>
    /// Waits while the key uses more memory than its share, by answers that could not wait. Then reserves so many bytes.
    /// </summary>
    /// <param name="total">The bytes.</param>
    /// <param name="isResumed">Whether the request has waited for a message. Such a request waits for memory as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UnavailableException">There was no room for too long. Nothing was done.</exception>
    public async ValueTask BeginAsync(long total, bool isResumed, CancellationToken cancellationToken)
    {
        // What it uses itself is no reason to wait: a large body may be more than the share.
        if (payer is { } one && !manages && held is not { IsLarge: true } && budget.IsOver(one))
            (await WaitAsync(ended => budget.PassAsync(one, ended), isResumed, cancellationToken)).Dispose();
        if (!TryReserveTotal(total))
            await WaitForAsync(total, isResumed, cancellationToken);
    }

    /// <summary>Reserves so many bytes in all, and waits for them if need be.</summary>
    /// <exception cref="UnavailableException">There was no room for too long. Nothing was done.</exception>
    public ValueTask ReserveAsync(long total, CancellationToken cancellationToken) =>
        TryReserveTotal(total) ? default : WaitForAsync(total, isResumed: false, cancellationToken);

    /// <inheritdoc/>
    public bool TryReserve(long bytes, bool always)
    {
        lock (gate)
        {
            var total = answer + (bytes * BytesPerAnswerByte);
            if (!TryReserveTotal(total))
            {
                if (!always)
                    return false;
                Set(total);
            }

            answer = total;
            return true;
        }
    }

    /// <summary>Uses exactly so many bytes from now on, even if there is no room for more.</summary>
    public void Set(long total)
    {
        lock (gate)
        {
            if (IsFree(total))
                return;
            if (total > Held)
            {
                var next = Next(total);
                next.Grow(total - next.Bytes);
                Hold(next);
            }
            else
            {
                held?.Shrink(total);
            }

            answer = Math.Min(answer, total);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
            Hold(null);
    }

    private bool TryReserveTotal(long total)
    {
        lock (gate)
        {
            if (total <= Held || IsFree(total))
                return true;
            var next = Next(total);
            if (!next.TryGrow(total - next.Bytes))
                return false;
            Hold(next);
            return true;
        }
    }

    private async ValueTask WaitForAsync(long total, bool isResumed, CancellationToken cancellationToken)
    {
        var next = await WaitAsync(ended => budget.AcquireAsync(payer, manages, total, ended), isResumed, cancellationToken);
        lock (gate)
            Hold(next);
    }

    private ValueTask<T> WaitAsync<T>(Func<CancellationToken, ValueTask<T>> wait, bool isResumed, CancellationToken cancellationToken) =>
        Patience.WithinAsync(
            wait,
            isResumed ? null : AccessLimits.MemoryWait,
            budget.Time,
            () => new UnavailableException("This process has no memory left for the request now. Nothing was done. Try again."),
            cancellationToken);

    /// <summary>The reservation that can grow to so many bytes: the present one, or one of the other size.</summary>
    private Reservation Next(long total) =>
        held is not null && (held.IsLarge || total <= MemoryBudget.SmallBytes) ? held : budget.Open(payer, manages, total);

    private void Hold(Reservation? next)
    {
        if (next != held)
            held?.Shrink(0);
        held = next;
    }

    /// <summary>Bytes of the memory for small or for large requests, and as many of the account's part of it.</summary>
    internal sealed class Reservation(FairLimiter.Lease process, FairLimiter.Lease? part, bool isLarge)
    {
        public long Bytes => process.Weight;

        public bool IsLarge => isLarge;

        public bool IsAwaited => process.IsAwaited || part?.IsAwaited == true;

        public bool TryGrow(long bytes)
        {
            if (part?.TryGrow(bytes) == false)
                return false;
            if (process.TryGrow(bytes))
                return true;
            part?.Shrink(part.Weight - bytes);
            return false;
        }

        public void Grow(long bytes)
        {
            part?.Grow(bytes);
            process.Grow(bytes);
        }

        public void Shrink(long bytes)
        {
            part?.Shrink(bytes);
            process.Shrink(bytes);
        }
    }
}
