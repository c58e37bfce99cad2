namespace Burrow;

/// <summary>
/// A rule that a request broke, or that kept it from being served. The family is closed; the HTTP edge turns each into one
/// problem (protocol, "Errors"). The message is for the client: it names what was wrong and what is allowed.
/// </summary>
public abstract class BurrowException(string code, int status, string message) : Exception(message)
{
    /// <summary>What kind of problem it is; stable, in kebab-case.</summary>
    public string Code { get; } = code;

    /// <summary>The HTTP status that says so.</summary>
    public int Status { get; } = status;
}

/// <summary>400: a parameter, name, header or body isn't what it must be.</summary>
public sealed class InvalidRequestException(string parameter, string message) : BurrowException("invalid-request", 400, message)
{
    /// <summary>What is wrong: a parameter's, header's or path segment's name.</summary>
    public string Parameter { get; } = parameter;
}

/// <summary>404: no such path, account, queue or message, or nothing matched.</summary>
public sealed class NotFoundException(string message) : BurrowException("not-found", 404, message);

/// <summary>405: the resource doesn't know this method.</summary>
public sealed class MethodNotAllowedException(string method, IReadOnlyList<string> allow)
    : BurrowException("method-not-allowed", 405, $"{method} is not allowed here. Allowed: {string.Join(", ", allow)}.")
{
    /// <summary>The value of the header <c>Allow</c>.</summary>
    public string Allow { get; } = string.Join(", ", allow);
}

/// <summary>412: the message isn't, or is, as the request's conditions demand. Nothing was changed.</summary>
public sealed class PreconditionFailedException(string message) : BurrowException("precondition-failed", 412, message);

/// <summary>413: larger than allowed. Nothing was stored.</summary>
public sealed class TooLargeException(string message) : BurrowException("too-large", 413, message);

/// <summary>415: a media type or content encoding that isn't taken.</summary>
public sealed class UnsupportedMediaException(string message) : BurrowException("unsupported-media", 415, message);

/// <summary>429: more requests wait already than may.</summary>
public sealed class TooManyWaitersException(string message) : BurrowException("too-many-waiters", 429, message);

/// <summary>503: storage does not answer or is too busy, or can't tell whether a change was made. Trying again later may help.</summary>
public sealed class UnavailableException(string message) : BurrowException("unavailable", 503, message);
