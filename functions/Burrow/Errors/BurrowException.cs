namespace Burrow;

/// <summary>
/// A rule that a request broke, or that stopped the server from serving it. The set of subclasses is closed. The HTTP layer turns each
/// into one problem (docs/reference/api.md). The message is for the client: it names what was wrong and what is allowed.
/// </summary>
public abstract class BurrowException(string code, int status, string message) : Exception(message)
{
    /// <summary>The kind of problem; stable, in kebab-case.</summary>
    public string Code { get; } = code;

    /// <summary>The HTTP status of the problem.</summary>
    public int Status { get; } = status;
}

/// <summary>400: a parameter, name, header or body is not valid.</summary>
public sealed class InvalidRequestException(string parameter, string message) : BurrowException("invalid-request", 400, message)
{
    /// <summary>The wrong part: the name of a parameter, header or path segment.</summary>
    public string Parameter { get; } = parameter;
}

/// <summary>401: the request carries no key or link, or none that is valid.</summary>
public sealed class UnauthenticatedException(bool isMissing, string message) : BurrowException("unauthenticated", 401, message)
{
    /// <summary>The value of the header <c>WWW-Authenticate</c> (RFC 6750, section 3).</summary>
    public string Challenge { get; } = isMissing ? "Bearer realm=\"burrow\"" : "Bearer realm=\"burrow\", error=\"invalid_token\"";
}

/// <summary>403: the key is valid, but does not allow this request. Nothing was changed.</summary>
public sealed class ForbiddenException(string message) : BurrowException("forbidden", 403, message);

/// <summary>404: the path, account, queue or message does not exist, or nothing matched.</summary>
public sealed class NotFoundException(string message) : BurrowException("not-found", 404, message);

/// <summary>405: the resource does not support this method.</summary>
public sealed class MethodNotAllowedException(string method, IReadOnlyList<string> allow)
    : BurrowException("method-not-allowed", 405, $"{method} is not allowed here. Allowed: {string.Join(", ", allow)}.")
{
    /// <summary>The value of the header <c>Allow</c>.</summary>
    public string Allow { get; } = string.Join(", ", allow);
}

/// <summary>409: something of that name exists already. Nothing was changed.</summary>
public sealed class ConflictException(string message) : BurrowException("conflict", 409, message);

/// <summary>409: a producer's put that is not its turn. Nothing was stored.</summary>
/// <param name="last">The number of the producer's last message that was stored; null: none was.</param>
/// <param name="isMissing">Whether what comes before it is not stored; otherwise its epoch is over.</param>
/// <param name="message">The text for the client.</param>
public sealed class OutOfTurnException(long? last, bool isMissing, string message) : BurrowException("out-of-turn", 409, message)
{
    /// <summary>Whether what comes before it is not stored; otherwise its epoch is over.</summary>
    public bool IsMissing { get; } = isMissing;

    /// <summary>The value of the header <c>Burrow-Last</c>; null: there is none.</summary>
    public string? Last { get; } = last?.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>412: the message does not meet the request's conditions. Nothing was changed.</summary>
public sealed class PreconditionFailedException(string message) : BurrowException("precondition-failed", 412, message);

/// <summary>428: the request needs an <c>If-Match</c> with the message's ETag (RFC 6585, section 3). Nothing was changed.</summary>
public sealed class PreconditionRequiredException(string message) : BurrowException("precondition-required", 428, message);

/// <summary>404: the queue is paused, so nothing was handed out.</summary>
public sealed class PausedException() : BurrowException("paused", 404, "The queue is paused by its policy: claims and takes find nothing.");

/// <summary>413: larger than allowed. Nothing was stored.</summary>
public sealed class TooLargeException(string message) : BurrowException("too-large", 413, message);

/// <summary>415: the server does not accept this media type, content encoding or transfer encoding.</summary>
/// <param name="message">The text for the client.</param>
/// <param name="accept">The media types that are accepted; null if another is not the reason.</param>
/// <param name="acceptEncoding">The content encodings that are accepted; null if another is not the reason.</param>
public sealed class UnsupportedMediaException(string message, string? accept = null, string? acceptEncoding = null)
    : BurrowException("unsupported-media", 415, message)
{
    /// <summary>The value of the header <c>Accept</c> (RFC 9110, section 15.5.16).</summary>
    public string? Accept { get; } = accept;

    /// <summary>The value of the header <c>Accept-Encoding</c>.</summary>
    public string? AcceptEncoding { get; } = acceptEncoding;
}

/// <summary>429: the account asks for more than it may use. Nothing was done.</summary>
/// <param name="policy">
/// What is limited, as in the headers <c>RateLimit</c> and <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers).
/// </param>
/// <param name="policyParameters">The amount, and the time for which it holds.</param>
/// <param name="retryAfter">The time until the account may use more; null: it is not known.</param>
/// <param name="message">The text for the client.</param>
public sealed class TooManyRequestsException(string policy, string policyParameters, TimeSpan? retryAfter, string message)
    : BurrowException($"too-many-{policy}", 429, message)
{
    /// <summary>Whole seconds, as in the header <c>Retry-After</c>.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter is { } wait
        ? TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(wait.TotalSeconds)))
        : null;

    /// <summary>The value of the header <c>RateLimit-Policy</c>.</summary>
    public string RateLimitPolicy { get; } = $"\"{policy}\";{policyParameters}";

    /// <summary>The value of the header <c>RateLimit</c>: nothing is left.</summary>
    public string RateLimit => RetryAfter is { } wait ? $"\"{policy}\";r=0;t={(int)wait.TotalSeconds}" : $"\"{policy}\";r=0";

    /// <summary>The account already has the greatest allowed number of waiting requests in this process.</summary>
    internal static TooManyRequestsException Waiting(long max) => new(
        "waiting",
        $"q={max};qu=\"concurrent-requests\"",
        null,
        $"As many requests wait already as may in one process: {max} of this account or key.");
}

/// <summary>507: the account stores as much as it is allowed to store. Nothing was stored.</summary>
public sealed class QuotaExceededException(string message) : BurrowException("quota-exceeded", 507, message);

/// <summary>503: storage does not answer or is too busy, or it is unknown whether a change was made. A later attempt may succeed.</summary>
public sealed class UnavailableException(string message, string code = "unavailable") : BurrowException(code, 503, message);

/// <summary>501: the operator has not turned this part of the service on. A later attempt fails alike.</summary>
public sealed class NotConfiguredException(string message) : BurrowException("not-configured", 501, message);
