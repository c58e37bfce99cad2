using System.Text;
using Burrow.Tables.Azure;

namespace Burrow.Tests.Tables;

/// <summary>Answers to transactions, as Azure Table storage and Azurite write them.</summary>
public sealed class TransactionAnswerTests
{
    private const string End = "--changeset--\r\n--batch--\r\n";

    private static string Begin => "--batch\r\nContent-Type: multipart/mixed; boundary=changeset\r\n\r\n";

    [Fact]
    public void Each_part_that_was_done_gives_its_ETag_and_the_first_part_stays()
    {
        var etags = new List<string?>();
        var first = Part("204 No Content", "ETag: W/\"datetime'2026-01-02T03%3A04%3A05.1234567Z'\"");
        var answer = Begin + first + Part("204 No Content", "Cache-Control: no-cache") + Part("204 No Content", "etag:W/\"b\"") + End;

        TransactionAnswer.TryRead(Encoding.ASCII.GetBytes(answer), 3, etags, out var rest).ShouldBeTrue();

        etags.ShouldBe(["W/\"datetime'2026-01-02T03%3A04%3A05.1234567Z'\"", null, "W/\"b\""]);
        Encoding.ASCII.GetString(rest!).ShouldBe(Begin + first + End);
    }

    [Fact]
    public void Any_other_answer_is_left_to_the_SDK()
    {
        var done = Part("204 No Content", "ETag: W/\"a\"");
        var failed = Part("412 Precondition Failed", "Content-Type: application/json");
        foreach (var answer in new[]
        {
            "",
            "nonsense",
            Begin + End,
            Begin + failed + End,
            Begin + done + failed + End,
            Begin + done + End,
            Begin + done + done + done + End,
            Begin + done + done,
            Begin + done + done + "--changeset\r\n",
            Begin + done + "--changeset\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\nETag: W/\"b\"",
        })
        {
            var etags = new List<string?>();
            TransactionAnswer.TryRead(Encoding.ASCII.GetBytes(answer), 2, etags, out var rest).ShouldBeFalse(answer);
            (etags.Count, rest).ShouldBe((0, null), answer);
        }
    }

    private static string Part(string status, string header) =>
        "--changeset\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        + $"HTTP/1.1 {status}\r\nX-Content-Type-Options: nosniff\r\n{header}\r\n\r\n\r\n";
}
