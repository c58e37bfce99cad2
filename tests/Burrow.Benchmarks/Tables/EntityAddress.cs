using System.Text.RegularExpressions;

namespace Burrow.Benchmarks.Tables;

/// <summary>The table of a request, and the row if it names one: <c>table(PartitionKey='…',RowKey='…')</c>.</summary>
internal readonly partial record struct EntityAddress(string Table, string Partition, string? Key)
{
    public static EntityAddress Parse(string text)
    {
        var match = Form().Match(Uri.UnescapeDataString(text));
        return match.Success
            ? new(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value)
            : new(text, "", null);
    }

    [GeneratedRegex(@"^(\w+)\(PartitionKey='([^']*)',\s?RowKey='([^']*)'\)$")]
    private static partial Regex Form();
}
