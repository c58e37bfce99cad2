using System.Text.Json;

namespace Burrow.Tests.Support;

/// <summary>Assertions of what the protocol says about responses.</summary>
internal static class AnswerAssertions
{
    /// <summary>
    /// Checks what every response has. An error must also be a problem document. If the target is known, the response must match
    /// the OpenAPI document.
    /// </summary>
    public static void ShouldBeServed(this RawAnswer answer, string method, string target)
    {
        var what = $"{method} {(target.Length < 200 ? target : target[..200])} {answer.Status}";
        answer.Headers.GetValueOrDefault("X-Content-Type-Options").ShouldBe("nosniff", what);
        answer.Headers.GetValueOrDefault("Cache-Control").ShouldBe("no-store", what);
        answer.Headers.GetValueOrDefault("Content-Security-Policy").ShouldBe("default-src 'none'; sandbox", what);
        answer.Headers.GetValueOrDefault("Cross-Origin-Resource-Policy").ShouldBe("same-origin", what);
        // Of the 5xx, only 507 is something that a client can cause.
        if (answer.Status != 507)
            answer.Status.ShouldBeInRange(200, 499, what);
        if (answer.Status >= 400)
        {
            answer.ContentType.ShouldBe("application/problem+json", what);
            if (method != "HEAD")
                answer.ShouldBeAProblem(answer.Status);
        }

        if (target.Length > 0)
            answer.ShouldBeDocumented(method, target);
    }

    /// <summary>Checks that the response to the request matches the OpenAPI document.</summary>
    public static void ShouldBeDocumented(this RawAnswer answer, string method, string target)
    {
        if (OpenApiDocument.Served.Contradiction(method, target, answer) is { } contradiction)
            Assert.Fail($"{method} {(target.Length < 200 ? target : target[..200])} {answer.Status}: {contradiction}");
    }

    public static void ShouldBeAProblem(this RawAnswer answer, int status)
    {
        answer.Status.ShouldBe(status);
        answer.ContentType.ShouldBe("application/problem+json");
        answer.Json.GetProperty("type").GetString().ShouldNotBeNullOrEmpty();
        answer.Json.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        answer.Json.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
        answer.Json.GetProperty("status").GetInt32().ShouldBe(status);
    }

    /// <summary>Checks that the status is 400 and that the problem names the wrong parameter.</summary>
    public static void ShouldRefuse(this RawAnswer answer, string parameter, string? what = null)
    {
        answer.Status.ShouldBe(400, what);
        answer.Json.GetProperty("errors").TryGetProperty(parameter, out var errors).ShouldBeTrue(what);
        errors.ValueKind.ShouldBe(JsonValueKind.Array);
        errors.GetArrayLength().ShouldBePositive();
    }

    public static void ShouldBeJson(this RawAnswer answer, string exactly)
    {
        (answer.Status, answer.ContentType).ShouldBe((200, "application/json"));
        answer.Text.ShouldBe(exactly);
    }

    public static void ShouldBeBytes(this RawAnswer answer, byte[] exactly, string contentType = "application/octet-stream")
    {
        (answer.Status, answer.ContentType).ShouldBe((200, contentType));
        answer.Body.AsSpan().SequenceEqual(exactly).ShouldBeTrue($"{answer.Body.Length} bytes, expected {exactly.Length}");
    }

    public static void ShouldBeEmpty(this RawAnswer answer, int status)
    {
        (answer.Status, answer.ContentType).ShouldBe((status, null));
        answer.Body.ShouldBeEmpty();
        answer.Headers["Content-Length"].ShouldBe("0");
    }
}
