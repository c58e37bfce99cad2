using System.Text;
using Burrow.Local;
using Burrow.Tests.Support;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Tests.Local;

/// <summary>What the triggers declare is what the local process serves.</summary>
public sealed class TriggerTests
{
    private const string Key = """{"allow":["read"]}""";

    [Fact]
    public async Task Every_route_and_method_that_a_trigger_declares_is_served()
    {
        await using var burrow = await BurrowProcess.StartAsync("memory");
        await using var raw = await RawHttp.ConnectAsync(burrow.Address);
        foreach (var (name, _, trigger) in Triggers.All)
        {
            if (trigger is not HttpTriggerAttribute http)
                continue;
            var target = "/" + http.Route!.Replace("{ignored:maxlength(0)?}", "").Replace("{account}", "a").Replace("{queue}", "q").Replace("{message}", "m").Replace("{name}", "hook");
            var body = Encoding.UTF8.GetBytes(target.Split('/')[1] switch
            {
                "subscriptions" => """{"endpoint":"http://127.0.0.1:9"}""",
                "keys" => Key,
                "links" => """{"method":"GET","queue":"q","expires":"2100-01-01T00:00:00Z"}""",
                "limits" => """{"queues":10}""",
                _ => "[]",
            });
            target.ShouldNotContain("{");
            foreach (var method in http.Methods!.Select(method => method.ToUpperInvariant()))
            {
                await raw.SendAsync("PUT", "/v1.0/a/q/m", []);
                await raw.SendAsync("PUT", "/subscriptions/a/hook", """{"endpoint":"http://127.0.0.1:9"}"""u8.ToArray());
                await raw.SendAsync(target == "/keys/a/hook" && method == "PUT" ? "DELETE" : "PUT", "/keys/a/hook", Encoding.UTF8.GetBytes(Key));

                var answer = await raw.SendAsync(method, target, body, ("Content-Type", "application/json"));

                answer.Status.ShouldBe(
                    name.EndsWith("Refuse", StringComparison.Ordinal) ? 405 : name is "OneKeyPut" or "LinksPost" ? 201 : 200, $"{name}: {method} {target}");
                answer.Headers["X-Content-Type-Options"].ShouldBe("nosniff");
                if (answer.Status == 405)
                    answer.Headers["Allow"].Split(", ").ShouldNotContain(method);
            }
        }
    }

    [Fact]
    public void Every_route_declares_each_method_once_so_that_the_host_never_answers_404_instead_of_405()
    {
        foreach (var route in Triggers.All.Select(function => function.Trigger).OfType<HttpTriggerAttribute>().GroupBy(trigger => trigger.Route))
        {
            string.Join(' ', route.SelectMany(trigger => trigger.Methods!).Order())
                .ShouldBe("delete get head options patch post put trace", route.Key);
        }

        Triggers.All.Select(function => function.Name).ShouldBeUnique();
        Triggers.All.Select(function => function.Trigger).OfType<TimerTriggerAttribute>().Select(timer => timer.Schedule).Order()
            .ShouldBe(["%Burrow:Events:ReconcileSchedule%", "%Burrow:ExpirySchedule%"]);
    }
}
