using System.Text.Json;
using System.Text.RegularExpressions;
using Burrow.Tests.Support;

namespace Burrow.Tests.Relays;

/// <summary>Runs the commands of docs/datacentres.md, "When a region is lost", with two processes of which one is killed.</summary>
public sealed partial class RunbookTests
{
    private const string Relay = """{"queues":"*","to":"WEST"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_region_is_lost_and_the_other_one_goes_on()
    {
        using var folder = new TemporaryFolder();
        var (eastTables, westTables) = ($"sqlite:{folder.File("east.db")}", $"sqlite:{folder.File("west.db")}");
        var east = await BurrowProcess.StartAsync(eastTables);
        var west = await BurrowProcess.StartAsync(westTables);
        try
        {
            var environment = new Dictionary<string, string>
            {
                ["EAST"] = east.Address.GetLeftPart(UriPartial.Authority),
                ["WEST"] = west.Address.GetLeftPart(UriPartial.Authority),
                ["MANAGE"] = "brw_none_none",
                ["RELAY"] = Relay.Replace("WEST", west.Address.AbsoluteUri, StringComparison.Ordinal),
            };
            var commands = Commands();
            commands.Count.ShouldBe(4);
            await PutAsync(east, "relays/shop/to-west", environment["RELAY"]);
            for (var number = 1; number <= 3; number++)
                await PutAsync(east, $"v1.0/shop/orders/{number}?ttl=0&producer=till&number={number}", $"order {number}");
            await CameAsync(west, "1", "2", "3");

            // The line is lost first, and then the region, with one message that is not sent.
            await west.KillAsync();
            await west.DisposeAsync();
            await PutAsync(east, "v1.0/shop/orders/4?ttl=0&producer=till&number=4", "order 4");
            await east.KillAsync();
            await east.DisposeAsync();
            west = await BurrowProcess.StartAgainAsync(westTables, west.Address);

            var producers = JsonDocument.Parse(await RunAsync(commands[0], environment)).RootElement;
            environment["PRODUCER"] = producers.EnumerateArray().Select(one => one.GetProperty("name").GetString()!)
                .Single(name => name.Contains(".to-west.", StringComparison.Ordinal));
            JsonDocument.Parse(await RunAsync(commands[1], environment)).RootElement.GetProperty("epoch").GetInt64()
                .ShouldBe(1_000_000_000_000_000);
            // The producer asks how far west is, and sends what is missing again.
            var last = JsonDocument.Parse(await west.Http.GetStringAsync("producers/shop/orders/till", Token)).RootElement
                .GetProperty("last").GetInt64();
            last.ShouldBe(3);
            for (var number = last + 1; number <= 5; number++)
            {
                var target = $"v1.0/shop/orders/{number}?ttl=0&producer=till&number={number}&previous={number - 1}";
                await PutAsync(west, target, $"order {number}");
            }

            (await west.Http.DeleteAsync("v1.0/shop/orders/1", Token)).EnsureSuccessStatusCode();

            // East is back, and a client still puts there.
            east = await BurrowProcess.StartAgainAsync(eastTables, east.Address);
            await PutAsync(east, "v1.0/shop/orders/6?ttl=0", "order 6");
            await UntilAsync(async () =>
                (await east.Http.GetStringAsync("relays/shop/to-west", Token)).Contains("Fenced", StringComparison.Ordinal));
            (await IdsAsync(west)).ShouldBe(["2", "3", "4", "5"]);
            (await RunAsync(commands[2], environment)).ShouldBe(
                """[{"queue":"orders","id":"4","change":"put"},{"queue":"orders","id":"6","change":"put"}]""");

            (await RunAsync(commands[3], environment)).ShouldContain("\"name\":\"to-west\"");
            // Number 4 is at west already, as its producer has sent it there.
            await CameAsync(west, "2", "3", "4", "5", "6");
            (await RunAsync(commands[2], environment)).ShouldBe("[]");
        }
        finally
        {
            await east.DisposeAsync();
            await west.DisposeAsync();
        }
    }

    /// <summary>The commands of the section, each with the lines that it goes on with.</summary>
    private static List<string> Commands()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "datacentres.md"));
        var section = text[text.IndexOf("## When a region is lost", StringComparison.Ordinal)..];
        return [.. Command().Matches(section).Select(match => match.Groups[1].Value)];
    }

    private static async Task<string> RunAsync(string command, Dictionary<string, string> environment)
    {
        var exports = string.Join(' ', environment.Select(one => $"{one.Key}='{one.Value}'"));
        var folder = Directory.CreateTempSubdirectory("burrow-runbook-");
        try
        {
            var file = Path.Combine(folder.FullName, "run.sh");
            await File.WriteAllTextAsync(file, $"set -eu; export {exports}\n{command} -s", Token);
            return (await Support.Commands.RunAsync("bash", file, folder.FullName)).Trim();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task PutAsync(BurrowProcess process, string path, string body)
    {
        using var content = new StringContent(body);
        (await process.Http.PutAsync(path, content, Token)).EnsureSuccessStatusCode();
    }

    private static async Task<string[]> IdsAsync(BurrowProcess process)
    {
        var answer = await process.Http.GetAsync("v1.0/shop/orders?detail=id", Token);
        if (!answer.IsSuccessStatusCode)
            return [];
        using var ids = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        return [.. ids.RootElement.EnumerateArray().Select(id => id.GetString()!)];
    }

    private static Task CameAsync(BurrowProcess process, params string[] ids) =>
        UntilAsync(async () => (await IdsAsync(process)).SequenceEqual(ids));

    private static Task UntilAsync(Func<Task<bool>> holds) =>
        TwoDeployments.UntilAsync(holds, () => Task.FromResult("It did not come to that."));

    [GeneratedRegex(@"^ *\$ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
