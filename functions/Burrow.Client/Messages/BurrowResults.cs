using System.Net;

namespace Burrow.Client;

/// <summary>What became of a job.</summary>
public enum ResultState
{
    /// <summary>It is in the queue.</summary>
    Running,

    /// <summary>It was finished.</summary>
    Done,

    /// <summary>Its message was deleted, by someone who did not have it claimed.</summary>
    Deleted,

    /// <summary>It died: no worker could handle it.</summary>
    Dead,

    /// <summary>Its time to live ended first.</summary>
    Expired,
}

/// <summary>What is known of a job.</summary>
/// <param name="State">What became of it.</param>
/// <param name="Body">Its progress while it runs, then its result; of a dead one, why.</param>
/// <param name="ContentType">The type of the body; null: none.</param>
/// <param name="Receipt">Changes with each progress, and with the end.</param>
public sealed record JobResult(ResultState State, ReadOnlyMemory<byte> Body, string? ContentType, string Receipt)
{
    /// <summary>Whether it has ended.</summary>
    public bool IsEnd => State != ResultState.Running;

    /// <summary>The body as text.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Body.Span);
}

/// <summary>What became of the messages of a queue that were put with <see cref="PutOptions.Result"/>.</summary>
public sealed class BurrowResults
{
    private readonly Transport transport;
    private readonly string account;
    private readonly string queue;

    internal BurrowResults(Transport transport, string account, string queue) =>
        (this.transport, this.account, this.queue) = (transport, account, queue);

    /// <summary>What is known of a job; null: there is none, or its result is kept no longer.</summary>
    public async Task<JobResult?> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        var reply = await transport.SendAsync(NewCall(id, null), cancellationToken).ConfigureAwait(false);
        return reply.IfFound() is { } found ? Read(found) : null;
    }

    /// <summary>Waits until a job has ended.</summary>
    /// <param name="id">The job.</param>
    /// <param name="progress">Is told each progress that is seen: the last one of those that come close together.</param>
    /// <param name="cancellationToken">Ends the wait; the job goes on.</param>
    /// <returns>Its result; null: there is no such job, or its result is kept no longer.</returns>
    public async Task<JobResult?> WaitAsync(
        string id, IProgress<JobResult>? progress = null, CancellationToken cancellationToken = default)
    {
        JobResult? last = null;
        while (true)
        {
            var call = NewCall(id, last?.Receipt).Waiting(transport.Options.PollTime);
            var reply = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
            if (reply.Status == HttpStatusCode.NotModified)
                continue;
            if (reply.IfFound() is not { } found)
                return null;
            var result = Read(found);
            if (result.IsEnd)
                return result;
            if (result.Body.Length > 0)
                progress?.Report(result);
            last = result;
        }
    }

    private Call NewCall(string id, string? known) =>
        new(HttpMethod.Get, "result", "results", account, queue, Names.Check(id, nameof(id))) { Queue = queue, IfNoneMatch = known };

    private static JobResult Read(Reply reply) => new(
        Enum.TryParse<ResultState>(reply.Header("Burrow-State"), ignoreCase: true, out var state)
            ? state
            : throw new BurrowUnavailableException("The answer is not what Burrow answers. Is the address right?"),
        reply.Body,
        reply.ContentType,
        reply.Receipt!);
}
