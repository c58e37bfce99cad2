using System.Runtime.CompilerServices;

namespace Burrow.Client.Cli.Verbs;

/// <summary>Reads a queue once, from a place to its end.</summary>
internal static class QueueReading
{
    /// <summary>After so long without a message it is looked whether there is one.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>All messages behind a place, hidden ones too, each with its cursor. It ends where no more is behind the last.</summary>
    public static async IAsyncEnumerable<Message<ReadOnlyMemory<byte>>> UntilEndAsync(
        BurrowQueue<ReadOnlyMemory<byte>> queue, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var messages = queue.FollowAsync(new() { After = after, IncludeHidden = true }, ending.Token).GetAsyncEnumerator(ending.Token);
        var next = Task.FromResult(false);
        try
        {
            while (true)
            {
                next = messages.MoveNextAsync().AsTask();
                while (await Task.WhenAny(next, Task.Delay(Quiet, cancellationToken)) != next)
                {
                    var rest = queue.ListAsync(new() { After = after, IncludeHidden = true, PageSize = 1 }, cancellationToken);
                    if (await rest.AnyAsync(cancellationToken) || next.IsCompleted)
                        continue;
                    yield break;
                }

                if (!await next)
                    yield break;
                after = messages.Current.Cursor;
                yield return messages.Current;
            }
        }
        finally
        {
            // It must not be disposed while it looks for the next one.
            await ending.CancelAsync();
            await next.ContinueWith(static _ => { }, TaskScheduler.Default);
            await messages.DisposeAsync();
        }
    }
}
