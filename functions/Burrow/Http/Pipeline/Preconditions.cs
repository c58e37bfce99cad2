using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Burrow.Http.Pipeline;

/// <summary>The headers <c>If-Match</c> and <c>If-None-Match</c> (RFC 9110, section 13.1).</summary>
internal static class Preconditions
{
    public static Precondition Parse(HttpRequest request)
    {
        var (match, noneMatch) = (request.Headers.IfMatch, request.Headers.IfNoneMatch);
        return match.Count == 0 && noneMatch.Count == 0
            ? Precondition.None
            : new(ParseTags("If-Match", match), ParseTags("If-None-Match", noneMatch));
    }

    /// <summary>Rejects both headers, for requests about many messages: these have no single receipt.</summary>
    /// <exception cref="InvalidRequestException">The request has one of the headers.</exception>
    public static void Reject(HttpRequest request)
    {
        if (request.Headers.IfMatch.Count > 0)
            throw new InvalidRequestException("If-Match", "If-Match is for one message, not for a collection.");
        if (request.Headers.IfNoneMatch.Count > 0)
            throw new InvalidRequestException("If-None-Match", "If-None-Match is for one message, not for a collection.");
    }

    /// <summary>Rejects what a worker may say only under the receipt that its claim gave.</summary>
    /// <param name="precondition">The request's precondition.</param>
    /// <param name="what">What needs the receipt, as the first words of a sentence.</param>
    /// <param name="done">What the request would have done, as a past participle.</param>
    /// <exception cref="PreconditionRequiredException">The precondition names no receipt.</exception>
    public static void RequireReceipt(Precondition precondition, string what, string done)
    {
        if (!precondition.NamesReceipt)
            throw new PreconditionRequiredException($"{what} needs If-Match with the ETag that the claim gave. Nothing was {done}.");
    }

    /// <summary>The strong tags of a header, without their quotes; null if the header is absent.</summary>
    public static IReadOnlyList<string>? ParseTags(string header, StringValues values)
    {
        if (values.Count == 0)
            return null;
        // A tag has two quotes. Count them before anything is made of the tags.
        if (values.Sum(value => value?.Count(c => c == '"') ?? 0) > 2 * HttpLimits.PreconditionTags)
            throw new InvalidRequestException(header, $"{header} has at most {HttpLimits.PreconditionTags} entity tags.");
        if (!EntityTagHeaderValue.TryParseStrictList([.. values.Select(value => value ?? "")], out var tags))
            throw new InvalidRequestException(header, $"{header} is * or a list of entity tags, each in double quotes.");
        // The parser also accepts * within a list. The quoted "*" is a tag like any other.
        if (tags.Any(tag => tag.Tag == "*"))
        {
            return tags.Count == 1
                ? ["*"]
                : throw new InvalidRequestException(header, $"{header} is * or a list of entity tags, not both.");
        }

        // No receipt is the single character *. Without its quotes, the tag "*" would mean any receipt, so leave it out.
        return [.. tags.Where(tag => !tag.IsWeak).Select(tag => tag.Tag.ToString().Trim('"')).Where(tag => tag != "*")];
    }
}
