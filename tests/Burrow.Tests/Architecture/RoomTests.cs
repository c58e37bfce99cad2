using System.Text.RegularExpressions;
using Burrow.Tests.Support;
using Mono.Cecil;
using NetArchTest.Rules;

namespace Burrow.Tests.Architecture;

/// <summary>The rooms of <c>functions/Burrow</c>, and the one direction of their dependencies (docs/design/README.md).</summary>
public sealed partial class RoomTests
{
    /// <summary>Each room may use those before it, and none after it. The root comes last: it composes.</summary>
    private static readonly string[] Rooms =
    [
        "Errors", "Caching", "Telemetry",
        "Tables", "Tables/Wrappers", "Tables/Memory", "Tables/Sqlite", "Tables/Azure",
        "Queues/Model", "Queues/Rows", "Queues/Settings", "Queues/Policies", "Queues/Scheduling", "Queues/Counting", "Queues/Readers",
        "Queues/Producers", "Queues/Groups", "Queues/Results", "Queues/Directory",
        "Queues/Statistics",
        "Queues/Reading", "Queues/Relays", "Queues/Changing", "Queues/Putting", "Queues/Claiming", "Queues/Waiting", "Queues/Sweeping",
        "Queues",
        "Access",
        "Events/Model", "Events/Signing", "Events/Subscriptions", "Events/Outbox", "Events/EventGrid", "Events/Reconciling", "Events",
        "Relays",
        "Health",
        "Http/Pipeline", "Http/Messages", "Http/Access", "Http/Events", "Http/Service", "Http",
        "",
    ];

    private static readonly Dictionary<string, List<string>> TypesByRoom = ReadTypes();

    public static TheoryData<string> All => [.. Rooms];

    [Fact]
    public void Every_folder_is_a_room() => TypesByRoom.Keys.Order().ShouldBe(Rooms.Order());

    [Theory]
    [MemberData(nameof(All))]
    public void A_room_uses_only_rooms_below_it(string room)
    {
        var above = Rooms.SkipWhile(other => other != room).Skip(1).SelectMany(other => TypesByRoom[other]).ToArray();
        if (above.Length == 0)
            return;

        var result = Types.InAssembly(typeof(BurrowServices).Assembly)
            .That().MeetCustomRule(new IsIn(TypesByRoom[room]))
            .ShouldNot().HaveDependencyOnAny(above)
            .GetResult();

        (result.FailingTypeNames ?? []).ShouldBeEmpty();
    }

    [Fact]
    public void A_type_that_uses_a_room_above_it_is_found()
    {
        var result = Types.InAssembly(typeof(BurrowServices).Assembly)
            .That().MeetCustomRule(new IsIn(TypesByRoom["Http/Messages"]))
            .ShouldNot().HaveDependencyOnAny([.. TypesByRoom["Queues"]])
            .GetResult();

        result.FailingTypeNames.ShouldContain("Burrow.Http.Messages.MessageEndpoint");
    }

    /// <summary>The types of each folder, by the declarations in its files.</summary>
    private static Dictionary<string, List<string>> ReadTypes()
    {
        var root = Path.Combine(Repository.Root, "functions", "Burrow");
        var rooms = new Dictionary<string, List<string>>();
        foreach (var file in Repository.SourceFiles("functions/Burrow"))
        {
            var source = File.ReadAllText(file);
            var room = Path.GetRelativePath(root, Path.GetDirectoryName(file)!).Replace('\\', '/');
            var types = rooms.TryGetValue(room == "." ? "" : room, out var found) ? found : rooms[room == "." ? "" : room] = [];
            foreach (Match type in Declaration().Matches(source))
            {
                var parameters = type.Groups["parameters"].Value;
                var arity = parameters.Length == 0 ? "" : $"`{parameters.Count(c => c == ',') + 1}";
                types.Add($"{Namespace().Match(source).Groups[1].Value}.{type.Groups["name"].Value}{arity}");
            }
        }

        return rooms;
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(
        @"^(public|internal) (\w+ )*(class|record struct|record|struct|interface|enum) (?<name>\w+)(<(?<parameters>[^>]*)>)?",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();

    private sealed class IsIn(IReadOnlyCollection<string> types) : ICustomRule
    {
        public bool MeetsRule(TypeDefinition type)
        {
            while (type.DeclaringType is { } outer)
                type = outer;
            return types.Contains(type.FullName);
        }
    }
}
