using System.Net;
using System.Text.Json;

namespace Burrow.Client;

/// <summary>What an answer says about an error: problem details (RFC 9457).</summary>
internal sealed record Problem(HttpStatusCode? Status, string? Code, string? Detail, IReadOnlyDictionary<string, string[]> Errors)
{
    public static readonly Problem None = new(null, null, null, new Dictionary<string, string[]>());

    private const string Prefix = "urn:burrow:problem:";

    public TimeSpan? RetryAfter { get; private init; }

    public static Problem Of(Reply reply)
    {
        var problem = None with { Status = reply.Status, RetryAfter = reply.RetryAfter };
        if (reply.ContentType?.StartsWith("application/problem+json", StringComparison.OrdinalIgnoreCase) != true)
            return problem;
        try
        {
            var wire = JsonSerializer.Deserialize(reply.Body, WireJson.Default.WireProblem);
            return problem with
            {
                Code = wire?.Type?.StartsWith(Prefix, StringComparison.Ordinal) == true ? wire.Type[Prefix.Length..] : wire?.Type,
                Detail = wire?.Detail,
                Errors = wire?.Errors ?? problem.Errors,
            };
        }
        catch (JsonException)
        {
            // A proxy on the way may answer in Burrow's place.
            return problem;
        }
    }

    /// <summary>The exception for this error.</summary>
    public BurrowException ToException()
    {
        var message = Detail ?? $"The service answered {(int?)Status} ({Status}).";
        return (int?)Status switch
        {
            400 or 405 or 413 or 414 or 415 or 428 or 431 or 501 => new BurrowRequestException(message, this),
            401 or 403 => new BurrowAccessException(message, this),
            409 or 412 => new BurrowConflictException(message, this),
            429 => new BurrowBusyException(message, this),
            507 => new BurrowQuotaException(message, this),
            408 or >= 500 => new BurrowUnavailableException(message, this),
            _ => new BurrowException(message, this),
        };
    }
}

/// <summary>Problem details as they are sent.</summary>
internal sealed record WireProblem(string? Type, string? Detail, Dictionary<string, string[]>? Errors);
