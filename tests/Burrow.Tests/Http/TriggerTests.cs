using Burrow.Local;
using Burrow.Tests.Support;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Tests.Http;

/// <summary>What the triggers declare is what is served.</summary>
public abstract class TriggerTests(ServerFixture server) : ProtocolTests(server)
{
    [Fact]
    public async Task Every_route_and_method_that_a_trigger_declares_is_served()
    {
        var declared = Triggers.All.Select(function => function.Trigger).OfType<HttpTriggerAttribute>()
            .SelectMany(trigger => trigger.Methods, (trigger, method) => (Route: trigger.Route!, Method: method.ToUpperInvariant()))
            .ToList();
        declared.ShouldBeUnique();
        declared.Select(function => function.Route).Distinct().Count().ShouldBeGreaterThanOrEqualTo(6);

        foreach (var (route, method) in declared)
        {
            var target = "/" + route
                .Replace("{ignored:maxlength(0)?}", "", StringComparison.Ordinal)
                .Replace("{account}", Account, StringComparison.Ordinal)
                .Replace("{queue}", "q", StringComparison.Ordinal)
                .Replace("{message}", "m", StringComparison.Ordinal);
            target.ShouldNotContain("{");
            await PutAsync($"{Queue}/m");

            var answer = await SendAsync(method, target, method is "PUT" or "POST" ? "[]"u8.ToArray() : null, ("Content-Type", "application/json"));

            answer.Status.ShouldBeOneOf([200, 405], $"{method} {target}");
            if (answer.Status == 405)
                answer.Headers["Allow"].Split(", ").ShouldNotContain(method);
        }
    }

    [Fact]
    public void Every_route_declares_each_method_once_and_refuses_what_it_does_not_serve()
    {
        foreach (var route in Triggers.All.Select(function => function.Trigger).OfType<HttpTriggerAttribute>().GroupBy(trigger => trigger.Route))
        {
            string.Join(' ', route.SelectMany(trigger => trigger.Methods).Order())
                .ShouldBe("delete get head options patch post put trace", route.Key);
        }

        Triggers.All.Select(function => function.Name).ShouldBeUnique();
    }
}

public sealed class MemoryTriggerTests(MemoryServer server) : TriggerTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteTriggerTests(SqliteServer server) : TriggerTests(server), IClassFixture<SqliteServer>;

public sealed class AzureTriggerTests(AzuriteServer server) : TriggerTests(server), IClassFixture<AzuriteServer>;
