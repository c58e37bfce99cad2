using System.Net;

namespace Burrow.Client;

/// <summary>
/// A request that the service refused, or that it did not answer. The family of these exceptions follows what a program can do: mend the
/// request, come back later, or give the message up.
/// </summary>
public class BurrowException : Exception
{
    internal BurrowException(string message, Problem? problem = null, Exception? inner = null)
        : base(message, inner) => Problem = problem ?? Problem.None;

    /// <summary>The status of the answer; null: there was none.</summary>
    public HttpStatusCode? Status => Problem.Status;

    /// <summary>The code of the problem (docs/reference/api.md), such as <c>invalid-request</c>; null: there is none.</summary>
    public string? Code => Problem.Code;

    /// <summary>By the name of a parameter, header or member, what is wrong with it. Empty if nothing is named.</summary>
    public IReadOnlyDictionary<string, string[]> Errors => Problem.Errors;

    /// <summary>After how long the service wants to be asked again; null: it did not say.</summary>
    public TimeSpan? RetryAfter => Problem.RetryAfter;

    internal Problem Problem { get; }
}

/// <summary>The request is wrong (400, 413, 415, 428): it is refused each time it is sent.</summary>
public sealed class BurrowRequestException : BurrowException
{
    internal BurrowRequestException(string message, Problem problem)
        : base(message, problem)
    {
    }
}

/// <summary>There is no key, or it is not good, or it does not allow this (401, 403).</summary>
public sealed class BurrowAccessException : BurrowException
{
    internal BurrowAccessException(string message, Problem problem)
        : base(message, problem)
    {
    }
}

/// <summary>
/// Something else stands there (409, 412): the id exists, the message has another priority or group, or another receipt.
/// </summary>
public class BurrowConflictException : BurrowException
{
    internal BurrowConflictException(string message, Problem problem)
        : base(message, problem)
    {
    }
}

/// <summary>
/// The claim ran out: the message is visible again, or another worker has it, or it is gone. Nothing was changed. Whatever the handler did
/// may be done again by the next worker.
/// </summary>
public sealed class BurrowClaimLostException : BurrowConflictException
{
    internal BurrowClaimLostException(string id, Problem problem)
        : base($"The claim of message '{id}' ran out before the worker said what became of it. Nothing was changed.", problem)
    {
    }
}

/// <summary>
/// A newer instance of the producer has taken over (409): a higher epoch was seen. The message was not stored, unless an earlier attempt
/// had no answer: then that is not known.
/// </summary>
public sealed class BurrowProducerFencedException : BurrowConflictException
{
    internal BurrowProducerFencedException(string message, Problem problem)
        : base(message, problem)
    {
    }
}

/// <summary>The account or the queue holds as much as it may (507). Nothing was stored.</summary>
public sealed class BurrowQuotaException : BurrowException
{
    internal BurrowQuotaException(string message, Problem problem)
        : base(message, problem)
    {
    }
}

/// <summary>The account or the key sends too much (429), and went on doing so for as long as the client tried. Nothing was done.</summary>
public sealed class BurrowBusyException : BurrowException
{
    internal BurrowBusyException(string message, Problem problem)
        : base(message, problem)
    {
    }
}

/// <summary>
/// The service did not answer, or its storage did not (500, 502, 503, 504). It is unknown whether the request was carried out, unless
/// <see cref="IsUncertain"/> says that it was not.
/// </summary>
public sealed class BurrowUnavailableException : BurrowException
{
    internal BurrowUnavailableException(string message, Problem? problem = null, Exception? inner = null)
        : base(message, problem, inner)
    {
    }

    /// <summary>Whether the request may have been carried out: not if the service could not even be reached.</summary>
    public bool IsUncertain { get; internal init; } = true;
}

/// <summary>The body of a message is not what its reader expects, such as JSON of its type.</summary>
public sealed class BurrowBodyException : BurrowException
{
    internal BurrowBodyException(string message, Exception inner)
        : base(message, inner: inner)
    {
    }
}

/// <summary>Some messages of a batch were not stored. The others were.</summary>
public sealed class BurrowBatchException : BurrowException
{
    private BurrowBatchException(string message, IReadOnlyList<BatchResult> results, Exception? inner)
        : base(message, (inner as BurrowException)?.Problem, inner) => Results = results;

    /// <summary>
    /// What became of each message, in the order in which they were given. If their own order ended with an exception
    /// (<see cref="Exception.InnerException"/>), those behind it are missing.
    /// </summary>
    public IReadOnlyList<BatchResult> Results { get; }

    internal static BurrowBatchException Of(IReadOnlyList<BatchResult> results, string done, Exception? inner)
    {
        var failed = results.Where(result => !result.IsDone).ToList();
        var (uncertain, first) = (failed.Count(result => result.IsUncertain), inner?.Message ?? failed[0].Error);
        return new(
            uncertain == 0
                ? $"{failed.Count} of {results.Count} messages were not {done}. The first: {first}"
                : $"{failed.Count - uncertain} of {results.Count} messages were not {done}, and of {uncertain} it is not known. {first}",
            results,
            inner);
    }
}

/// <summary>A job was not done: it died, expired or was deleted.</summary>
public sealed class BurrowJobException : BurrowException
{
    internal BurrowJobException(string message, JobResult result)
        : base(message) => Result = result;

    /// <summary>What became of it.</summary>
    public JobResult Result { get; }
}
