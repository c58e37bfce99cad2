using System.Globalization;
using Burrow.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Burrow.Http.Pipeline;

/// <summary>Errors as problem details (RFC 9457): the one place where a broken rule becomes an answer.</summary>
internal static class Problem
{
    private const string ContentType = "application/problem+json";

    /// <summary>The answer to an exception that was thrown while a request was served; null if the exception is unexpected.</summary>
    public static Answer? From(Exception exception) => exception switch
    {
        InvalidRequestException e => Of(e.Status, e.Code, e.Message, e.Parameter),
        MethodNotAllowedException e => Of(e.Status, e.Code, e.Message).With("Allow", e.Allow),
        UnauthenticatedException e => Of(e.Status, e.Code, e.Message).With("WWW-Authenticate", e.Challenge),
        TooManyRequestsException e => Later(
            e, e.RetryAfter ?? HttpLimits.RetryAfter).With("RateLimit-Policy", e.RateLimitPolicy).With("RateLimit", e.RateLimit),
        UnsupportedMediaException e => Of(e.Status, e.Code, e.Message)
            .With("Accept", e.Accept).With("Accept-Encoding", e.AcceptEncoding),
        OutOfTurnException e => Of(e.Status, e.Code, e.Message).With("Burrow-Last", e.Last),
        PausedException e => Of(e.Status, e.Code, e.Message).With("Burrow-Paused", "true"),
        UnavailableException e => Later(e, HttpLimits.RetryAfter),
        TableUnavailableException => Later(
            new UnavailableException("Storage does not answer. Nothing was changed."), HttpLimits.RetryAfter),
        BurrowException e => Of(e.Status, e.Code, e.Message),
        BadHttpRequestException e => Of(e.StatusCode, "bad-http", e.Message),
        _ => null,
    };

    /// <summary>The answer to an unexpected exception. It says nothing about the exception.</summary>
    public static Answer Unexpected() => Of(500, "unexpected", "Something failed that should not. It was logged.");

    private static Answer Later(BurrowException e, TimeSpan wait) => Of(e.Status, e.Code, e.Message)
        .With("Retry-After", wait.TotalSeconds.ToString(CultureInfo.InvariantCulture));

    public static Answer Of(int status, string code, string detail, string? parameter = null) =>
        Answer.OfJson(status, json =>
        {
            json.WriteStartObject();
            json.WriteString("type", $"urn:burrow:problem:{code}");
            json.WriteString("title", ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            if (parameter is not null)
            {
                json.WriteStartObject("errors");
                json.WriteStartArray(parameter);
                json.WriteStringValue(detail);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }, ContentType);
}
