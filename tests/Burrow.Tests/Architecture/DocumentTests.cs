using System.Text.RegularExpressions;
using Burrow.Tests.Support;

namespace Burrow.Tests.Architecture;

/// <summary>The words and links of the README and of docs/.</summary>
public sealed partial class DocumentTests
{
    private const int MaxWords = 30;

    /// <summary>docs/benchmarks.md is written by the benchmarks; its words are in their sources.</summary>
    private static readonly IReadOnlyList<string> Files =
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md"),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories),
    ];

    public static TheoryData<string> All => [.. Files.Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(All))]
    public void No_sentence_has_more_than_30_words(string file) =>
        Sentences(
            File.ReadAllText(Path.Combine(Repository.Root, file))).Where(sentence => Word().Count(sentence) > MaxWords).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(All))]
    public void Every_link_to_a_file_and_a_heading_leads_somewhere(string file)
    {
        var path = Path.Combine(Repository.Root, file);
        foreach (Match link in Link().Matches(Fence().Replace(File.ReadAllText(path), "")))
        {
            var (target, anchor) = (link.Groups["target"].Value, link.Groups["anchor"].Value);
            var linked = target.Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, target));
            (File.Exists(linked) || Directory.Exists(linked)).ShouldBeTrue($"{file}: {target}");
            if (anchor.Length > 0 && linked.EndsWith(".md", StringComparison.Ordinal))
                Anchors(File.ReadAllText(linked)).ShouldContain(anchor, $"{file}: {link.Value}");
        }
    }

    [Fact]
    public void A_sentence_of_31_words_is_found()
    {
        var sentence = string.Join(' ', Enumerable.Repeat("word", 31)) + ".";
        Sentences(
            $"# A\n\nShort. {sentence} Short.\n\n- {sentence}\n\n| a | {sentence} |\n").Count(
                one => Word().Count(one) > MaxWords).ShouldBe(3);
    }

    private static IEnumerable<string> Sentences(string text)
    {
        text = Code().Replace(Url().Replace(Link().Replace(Fence().Replace(text, "\n\n"), "$1"), "URL"), "CODE").Replace("**", "");
        var block = new List<string>();
        foreach (var line in text.Split('\n').Select(line => line.Trim()).Append(""))
        {
            if (line.StartsWith('|'))
            {
                foreach (var sentence in line.Split('|').SelectMany(cell => SentenceEnd().Split(cell)))
                    yield return sentence;
            }

            var isItem = Item().IsMatch(line);
            if (line.Length == 0 || line[0] is '#' or '|' || isItem)
            {
                foreach (var sentence in SentenceEnd().Split(string.Join(' ', block)))
                    yield return sentence;
                block.Clear();
            }

            if (line.Length > 0 && line[0] is not ('#' or '|'))
                block.Add(line);
        }
    }

    private static IEnumerable<string> Anchors(string text) => Heading().Matches(Fence().Replace(text, ""))
        .Select(heading => NotInAnchor().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"```.*?```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`[^`]*`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\[([^\]]*)\]\((?!\w+:)(?<target>[^)#\s]*)(#(?<anchor>[^)\s]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\(\w+:[^)]*\)|https?://[^\s`]+")]
    private static partial Regex Url();

    [GeneratedRegex(@"^([-*]|\d+\.)\s")]
    private static partial Regex Item();

    [GeneratedRegex(@"^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"(?<=[.!?:;]\)?)\s+")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"[A-Za-z0-9][\w'’./%-]*")]
    private static partial Regex Word();
}
