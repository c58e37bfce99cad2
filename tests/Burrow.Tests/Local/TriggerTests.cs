using System.Text;
using Burrow.Local;
using Burrow.Tests.Support;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Tests.Local;

/// <summary>The local process serves exactly what the triggers and endpoints declare.</summary>
public sealed class TriggerTests
{
    private const string Key = """{"allow":["read"]}""";
    private const string Policy = """{"queues":"other"}""";
    private const string Producer = """{"epoch":1}""";
    private const string Relay = """{"queues":"relayed","to":"http://127.0.0.1:9"}""";
    private const string Reader = """{"after":"0000000000000001"}""";

    [Fact]
    public async Task Every_route_and_method_that_an_endpoint_declares_is_served_and_any_other_method_refused()
    {
        await using var burrow = await BurrowProcess.StartAsync("memory");
        await using var raw = await RawHttp.ConnectAsync(burrow.Address);
        foreach (var resource in DeclaredOperations.Resources)
        {
            var target = DeclaredOperations.TargetOf(resource, "hook");
            var body = Encoding.UTF8.GetBytes(target.Split('/')[1] switch
            {
                "subscriptions" => """{"endpoint":"http://127.0.0.1:9"}""",
                "keys" => Key,
                "links" => """{"method":"GET","queue":"q","expires":"2100-01-01T00:00:00Z"}""",
                "limits" => """{"queues":10}""",
                "policies" => Policy,
                "relays" => Relay,
                "readers" => Reader,
                "producers" => Producer,
                _ => "[]",
            });
            target.ShouldNotContain("{");
            foreach (var method in DeclaredOperations.HostMethods)
            {
                var put = await raw.SendAsync("PUT", "/v1.0/a/q/m?result=60", []);
                if (target.StartsWith("/dead", StringComparison.Ordinal))
                    await raw.SendAsync("POST", "/v1.0/a/q/m?outcome=dead", [], ("If-Match", put.ETag!));
                await raw.SendAsync("PUT", "/v1.0/a/q/g?group=g", []);
                await raw.SendAsync("PUT", "/policies/a/hook", Encoding.UTF8.GetBytes(Policy));
                await raw.SendAsync("PUT", "/relays/a/hook", Encoding.UTF8.GetBytes(Relay));
                await raw.SendAsync("PUT", "/readers/a/q/hook", Encoding.UTF8.GetBytes(Reader));
                await raw.SendAsync("PUT", "/producers/a/q/hook", Encoding.UTF8.GetBytes(Producer));
                await raw.SendAsync("PUT", "/subscriptions/a/hook", """{"endpoint":"http://127.0.0.1:9"}"""u8.ToArray());
                await raw.SendAsync(
                    target == "/keys/a/hook" && method == "PUT" ? "DELETE" : "PUT", "/keys/a/hook", Encoding.UTF8.GetBytes(Key));

                (string, string)[] receipt = target.StartsWith("/results", StringComparison.Ordinal) ? [("If-Match", put.ETag!)] : [];
                var answer = await raw.SendAsync(
                    method, target, body, [("Content-Type", "application/json"), .. method == "PUT" ? receipt : []]);

                var expected = !resource.Methods.Contains(method)
                    ? 405
                    : $"{method} {target}" is "PUT /keys/a/hook" or "POST /links/a" ? 201 : 200;
                answer.Status.ShouldBe(expected, $"{method} {target}");
                answer.Headers["X-Content-Type-Options"].ShouldBe("nosniff");
                answer.Headers["Cross-Origin-Resource-Policy"].ShouldBe("same-origin");
                if (answer.Status == 405)
                    answer.Headers["Allow"].Split(", ").ShouldNotContain(method);
            }
        }
    }

    [Fact]
    public void Each_resource_has_one_trigger_with_all_methods_so_that_the_host_never_answers_404_instead_of_405()
    {
        var triggers = Triggers.All.Select(function => function.Trigger).OfType<HttpTriggerAttribute>().ToList();
        foreach (var trigger in triggers)
            trigger.Methods!.Select(method => method.ToUpperInvariant()).ShouldBe(DeclaredOperations.HostMethods, trigger.Route);

        triggers.Select(trigger => "/" + trigger.Route!.Replace("{ignored:maxlength(0)?}", "")).Order()
            .ShouldBe(DeclaredOperations.Resources.Select(resource => resource.Route).Order());
        Triggers.All.Select(function => function.Name).ShouldBeUnique();
        Triggers.All.Select(function => function.Trigger).OfType<TimerTriggerAttribute>().Select(timer => timer.Schedule).Order()
            .ShouldBe(["%Burrow:Events:ReconcileSchedule%", "%Burrow:ExpirySchedule%"]);
    }
}
