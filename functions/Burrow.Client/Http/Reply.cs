using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Burrow.Client;

/// <summary>An answer that was read whole.</summary>
internal sealed class Reply(HttpResponseMessage response, byte[] body, bool isUncertain)
{
    /// <summary>The status.</summary>
    public HttpStatusCode Status => response.StatusCode;

    /// <summary>The body.</summary>
    public byte[] Body => body;

    /// <summary>Whether an earlier attempt of this request may have been carried out, and its answer was lost.</summary>
    public bool IsUncertain => isUncertain;

    /// <summary>Whether the request was carried out.</summary>
    public bool IsSuccess => response.IsSuccessStatusCode;

    /// <summary>The type of the body; null: none is named.</summary>
    public string? ContentType => response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) ? type.ToString() : null;

    /// <summary>The receipt; null: there is none.</summary>
    public string? Receipt => Header("ETag");

    /// <summary>The cursor of the last message; null: there is none.</summary>
    public string? Cursor => Header("Burrow-Marker");

    /// <summary>Whether the answer was cut.</summary>
    public bool HasMore => Header("Burrow-More") == "true";

    /// <summary>After how long to ask again; null: the answer does not say.</summary>
    public TimeSpan? RetryAfter => RetryRules.RetryAfterOf(response);

    /// <summary>A header of the answer; null: there is none.</summary>
    public string? Header(string name) => response.Headers.NonValidated.TryGetValues(name, out var value) ? value.ToString() : null;

    /// <summary>The body as JSON.</summary>
    /// <exception cref="BurrowUnavailableException">Something else than Burrow answered.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new JsonException("The body is null.");
        }
        catch (JsonException e)
        {
            throw new BurrowUnavailableException("The answer is not what Burrow answers. Is the address right?", inner: e);
        }
    }

    /// <summary>The answer, if the request was carried out.</summary>
    /// <exception cref="BurrowException">The request was refused.</exception>
    public Reply Ensure() => IsSuccess ? this : throw ToException();

    /// <summary>The answer; null: nothing is there, or nothing matches.</summary>
    /// <exception cref="BurrowException">The request was refused for another reason.</exception>
    public Reply? IfFound() => Status == HttpStatusCode.NotFound && IsBurrow ? null : Ensure();

    /// <summary>
    /// The error. If an earlier attempt may have been carried out, a refusal of the last one says nothing about it: it is as if there was
    /// no answer. Only what is missing, or has another receipt, is so at any rate.
    /// </summary>
    private BurrowException ToException()
    {
        var problem = Problem.Of(this);
        return IsUncertain && Status is not (HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
            ? new BurrowUnavailableException(
                "It is not known whether the request was carried out: an earlier attempt had no answer. The last one was refused: "
                + problem.ToException().Message,
                problem)
            : problem.ToException();
    }

    /// <summary>Whether Burrow itself says that nothing is there, and not a server on the way to it.</summary>
    private bool IsBurrow => ContentType?.StartsWith("application/problem+json", StringComparison.OrdinalIgnoreCase) == true;
}
