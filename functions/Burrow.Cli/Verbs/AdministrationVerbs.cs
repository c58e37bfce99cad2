using System.CommandLine;
using System.Text.Json.Nodes;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>policies</c> and <c>keys</c>: without a name they list, with one they set or delete.</summary>
internal static class AdministrationVerbs
{
    public static IEnumerable<Command> Create() => [Policies(), Keys()];

    private static Command Policies()
    {
        var name = Arguments.Maybe("name", "The policy; without it, all are listed.");
        var queues = new Option<string?>("--queues") { Description = "Set it, for these queues: a name, a beginning and *, or *." };
        var ttl = Arguments.Time("--ttl", "How long messages live that name no ttl; 0: for ever.");
        var hide = Arguments.Time("--hide", "For how long new messages are hidden.");
        var deliveries = new Option<int?>("--max-deliveries") { Description = "After so many deliveries a message is dead." };
        var deadTtl = Arguments.Time("--dead-ttl", "How long a dead message is kept; 0: for ever.");
        var delays = new Option<long[]>("--retry-delays")
        {
            Description = "For how many seconds a failed message is hidden, by delivery; the last one repeats.",
            AllowMultipleArgumentsPerToken = true,
        };
        var most = new Option<long>("--max-messages") { Description = "How many messages a queue holds at most; 0: without bound." };
        var concurrency = new Option<int>("--group-concurrency")
        {
            Description = "How many messages of a group are handed out at a time.",
            DefaultValueFactory = _ => 1,
        };
        var halt = new Option<bool>("--halt-group-on-dead") { Description = "A dead message holds its group back." };
        var paused = new Option<bool>("--paused") { Description = "Claims and takes find nothing." };
        var delete = new Option<bool>("--delete") { Description = "Delete it." };
        var verb = new Command("policies", "List policies, or set or delete one. Setting replaces all of it.")
        {
            name, queues, ttl, hide, deliveries, deadTtl, delays, most, concurrency, halt, paused, delete,
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var policies = session.Account.Policies;
            if (parsed.GetValue(name) is not { } one)
                return Show(session.Printer, await policies.ListAsync(cancellationToken));
            if (parsed.GetValue(delete))
                return await policies.DeleteAsync(one, cancellationToken) ? ExitCodes.Done : ExitCodes.NotFound;
            if (parsed.GetValue(queues) is not { } pattern)
                return await policies.GetAsync(one, cancellationToken) is { } found ? Show(session.Printer, [found]) : ExitCodes.NotFound;
            var set = await policies.SetAsync(
                new()
                {
                    Name = one,
                    Queues = pattern,
                    Ttl = (long?)parsed.GetValue(ttl)?.TotalSeconds,
                    Hide = (long?)parsed.GetValue(hide)?.TotalSeconds,
                    MaxDeliveries = parsed.GetValue(deliveries),
                    DeadTtl = (long?)parsed.GetValue(deadTtl)?.TotalSeconds,
                    RetryDelays = parsed.GetValue(delays) ?? [],
                    MaxMessages = parsed.GetValue(most),
                    GroupConcurrency = parsed.GetValue(concurrency),
                    GroupOnDead = parsed.GetValue(halt) ? "halt" : "continue",
                    Paused = parsed.GetValue(paused),
                },
                cancellationToken);
            return Show(session.Printer, [set]);
        });
        return verb;
    }

    private static Command Keys()
    {
        var name = Arguments.Maybe("name", "The key; without it, all are listed.");
        var allow = new Option<string[]>("--allow")
        {
            Description = "Make it, allowing this: send, receive, read, delete, manage and so on.",
            AllowMultipleArgumentsPerToken = true,
        };
        var queues = new Option<string>("--queues") { Description = "For these queues.", DefaultValueFactory = _ => "*" };
        var expires = Arguments.Time("--expires", "It is good for so long; without it, for ever.");
        var revoke = new Option<bool>("--revoke") { Description = "Revoke it." };
        var verb = new Command("keys", "List keys, or make or revoke one. A new key is printed once.")
        {
            name, allow, queues, expires, revoke,
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var keys = session.Account.Keys;
            if (parsed.GetValue(name) is not { } one)
                return Show(session.Printer, await keys.ListAsync(cancellationToken));
            if (parsed.GetValue(revoke))
                return await keys.RevokeAsync(one, cancellationToken) ? ExitCodes.Done : ExitCodes.NotFound;
            if (parsed.GetValue(allow) is not { Length: > 0 } allowed)
                return await keys.GetAsync(one, cancellationToken) is { } found ? Show(session.Printer, [found]) : ExitCodes.NotFound;
            var until = parsed.GetValue(expires) is { } time ? DateTimeOffset.UtcNow + time : (DateTimeOffset?)null;
            var made = await keys.CreateAsync(one, allowed, parsed.GetValue(queues)!, until, cancellationToken);
            session.Printer.Line(new() { ["name"] = made.Name, ["key"] = made.Secret }, made.Secret!);
            return ExitCodes.Done;
        });
        return verb;
    }

    private static int Show(Printer printer, IReadOnlyList<Policy> policies)
    {
        printer.Table(
            [
                .. policies.Select(policy => new JsonObject
                {
                    ["name"] = policy.Name,
                    ["queues"] = policy.Queues,
                    ["ttl"] = policy.Ttl,
                    ["hide"] = policy.Hide,
                    ["maxDeliveries"] = policy.MaxDeliveries,
                    ["deadTtl"] = policy.DeadTtl,
                    ["retryDelays"] = new JsonArray([.. policy.RetryDelays.Select(delay => (JsonNode)delay)]),
                    ["maxMessages"] = policy.MaxMessages,
                    ["groupConcurrency"] = policy.GroupConcurrency,
                    ["groupOnDead"] = policy.GroupOnDead,
                    ["paused"] = policy.Paused,
                }),
            ],
            ("name", "name"),
            ("queues", "queues"),
            ("ttl", "ttl"),
            ("deliveries", "maxDeliveries"),
            ("retry after", "retryDelays"),
            ("dead kept", "deadTtl"),
            ("paused", "paused"));
        return policies.Count > 0 ? ExitCodes.Done : ExitCodes.NotFound;
    }

    private static int Show(Printer printer, IReadOnlyList<Key> keys)
    {
        printer.Table(
            [
                .. keys.Select(key => new JsonObject
                {
                    ["name"] = key.Name,
                    ["id"] = key.Id,
                    ["queues"] = key.Queues,
                    ["allow"] = new JsonArray([.. key.Allow.Select(one => (JsonNode)one)]),
                    ["created"] = key.Created,
                    ["expires"] = key.Expires,
                    ["used"] = key.Used,
                }),
            ],
            ("name", "name"),
            ("queues", "queues"),
            ("allow", "allow"),
            ("expires", "expires"),
            ("used", "used"));
        return keys.Count > 0 ? ExitCodes.Done : ExitCodes.NotFound;
    }
}
