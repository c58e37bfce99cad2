using System.Text.RegularExpressions;
using Burrow.Tests.Support;

namespace Burrow.Tests.Architecture;

/// <summary>Lines and words of the sources. (The analyzers hold methods to 70 lines: rule MA0051 in .editorconfig.)</summary>
public sealed partial class SourceTests
{
    private const int MaxLineLength = 140;
    private const int MaxRiddles = 10;

    private static readonly IReadOnlyList<string> Files =
        [.. Repository.SourceFiles("functions"), .. Repository.SourceFiles("tests"), .. Repository.SourceFiles("docs")];

    [Fact]
    public void No_line_is_longer_than_140_characters() => LinesOf(line => line.Length > MaxLineLength).ShouldBeEmpty();

    /// <summary>As <c>dotnet format style</c> has them, which takes half a minute for that alone.</summary>
    [Fact]
    public void Imports_are_in_order()
    {
        var unordered = Files.Where(file =>
        {
            var imports = File.ReadLines(file).Select(line => Import().Match(line)).Where(match => match.Success)
                .Select(match => match.Groups[1].Value).ToList();
            return !imports.SequenceEqual(imports
                .OrderBy(name => name != "System" && !name.StartsWith("System.", StringComparison.Ordinal))
                .ThenBy(name => name, StringComparer.OrdinalIgnoreCase));
        });
        unordered.ShouldBeEmpty();
    }

    [Fact]
    public void Who_acts_is_named()
    {
        var riddles = LinesOf(line => Riddle().IsMatch(line));
        riddles.Count.ShouldBeLessThanOrEqualTo(MaxRiddles, string.Join('\n', riddles));
    }

    private static List<string> LinesOf(Func<string, bool> matches) =>
    [
        .. from file in Files
           from line in File.ReadLines(file).Select((text, i) => (Text: text, Number: i + 1))
           where matches(line.Text)
           select $"{Path.GetRelativePath(Repository.Root, file)}:{line.Number}: {line.Text.Trim()}",
    ];

    [GeneratedRegex(@"^using ([\w.]+);")]
    private static partial Regex Import();

    [GeneratedRegex("some" + "body|no" + "body|who" + "ever", RegexOptions.IgnoreCase)]
    private static partial Regex Riddle();
}
