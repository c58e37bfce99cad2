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

/// <summary>401: the request carries no key or link, or none that is any good.</summary>
public sealed class UnauthenticatedException(bool isMissing, string message) : BurrowException("unauthenticated", 401, message)
{
    /// <summary>The value of the header <c>WWW-Authenticate</c> (RFC 6750, section 3).</summary>
    public string Challenge { get; } = isMissing ? "Bearer realm=\"burrow\"" : "Bearer realm=\"burrow\", error=\"invalid_token\"";
}

/// <summary>403: the key is good, but not for this. Nothing was changed.</summary>
public sealed class ForbiddenException(string message) : BurrowException("forbidden", 403, message);

/// <summary>404: no such path, account, queue or message, or nothing matched.</summary>
public sealed class NotFoundException(string message) : BurrowException("not-found", 404, message);

/// <summary>405: the resource doesn't know this method.</summary>
public sealed class MethodNotAllowedException(string method, IReadOnlyList<string> allow)
    : BurrowException("method-not-allowed", 405, $"{method} is not allowed here. Allowed: {string.Join(", ", allow)}.")
{
    /// <summary>The value of the header <c>Allow</c>.</summary>
    public string Allow { get; } = string.Join(", ", allow);
}

/// <summary>409: there is one of that name. Nothing was changed.</summary>
public sealed class ConflictException(string message) : BurrowException("conflict", 409, message);

/// <summary>412: the message isn't, or is, as the request's conditions demand. Nothing was changed.</summary>
public sealed class PreconditionFailedException(string message) : BurrowException("precondition-failed", 412, message);

/// <summary>413: larger than allowed. Nothing was stored.</summary>
public sealed class TooLargeException(string message) : BurrowException("too-large", 413, message);

/// <summary>415: a media type or content encoding that isn't taken.</summary>
public sealed class UnsupportedMediaException(string message) : BurrowException("unsupported-media", 415, message);

/// <summary>429: the account asks for more than it may. Nothing was done.</summary>
/// <param name="policy">What is limited, as in the headers <c>RateLimit</c> and <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers).</param>
/// <param name="policyParameters">How much of it, and in what time.</param>
/// <param name="retryAfter">When there is some again; null: nobody knows.</param>
/// <param name="message">For the client.</param>
public sealed class TooManyRequestsException(string policy, string policyParameters, TimeSpan? retryAfter, string message)
    : BurrowException($"too-many-{policy}", 429, message)
{
    /// <summary>Whole seconds, as of the header <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter is { } wait
        ? TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(wait.TotalSeconds)))
        : null;

    /// <summary>The value of the header <c>RateLimit-Policy</c>.</summary>
    public string RateLimitPolicy { get; } = $"\"{policy}\";{policyParameters}";

    /// <summary>The value of the header <c>RateLimit</c>: nothing is left.</summary>
    public string RateLimit => RetryAfter is { } wait ? $"\"{policy}\";r=0;t={(int)wait.TotalSeconds}" : $"\"{policy}\";r=0";

    /// <summary>So many requests wait already.</summary>
    internal static TooManyRequestsException Waiting(long max) => new(
        "waiting",
        $"q={max};qu=\"concurrent-requests\"",
        null,
        $"{max} requests of this account wait already, as many as may in one process.");
}

/// <summary>507: the account stores as much as it may. Nothing was stored.</summary>
public sealed class QuotaExceededException(string message) : BurrowException("quota-exceeded", 507, message);

/// <summary>503: storage does not answer or is too busy, or can't tell whether a change was made. Trying again later may help.</summary>
public sealed class UnavailableException(string message, string code = "unavailable") : BurrowException(code, 503, message);
