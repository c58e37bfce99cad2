using System.CommandLine;
using System.Text.Json.Nodes;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>accounts</c> and <c>queues</c>. The verbs of the original's command line are other names for them.</summary>
internal static class NameVerbs
{
    public static IEnumerable<Command> Create() => [Accounts(), Queues(), DeleteQueues()];

    private static Command Accounts()
    {
        var verb = new Command("accounts", "List the accounts that hold a queue.") { Aliases = { "get_accounts" } };
        verb.Calls((session, _, cancellationToken) => ShowAsync(session, session.Client.AccountsAsync(cancellationToken)));
        return verb;
    }

    private static Command Queues()
    {
        var verb = new Command("queues", "List the queues of the account.") { Aliases = { "get_queues" } };
        verb.Calls((session, _, cancellationToken) => ShowAsync(session, session.Account.QueuesAsync(cancellationToken)));
        return verb;
    }

    private static Command DeleteQueues()
    {
        var sure = new Option<bool>("--yes") { Description = "Do it: there is no way back." };
        var verb = new Command("delete-queues", "Delete all messages of all queues of the account, hidden and dead ones too.")
        {
            Aliases = { "delete_queues" },
            Options = { sure },
        };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            if (!parsed.GetValue(sure))
                throw new UsageException($"This deletes all that account '{session.Account.Name}' holds. Say --yes if that is meant.");
            return await session.Account.DeleteAsync(cancellationToken) ? ExitCodes.Done : ExitCodes.NotFound;
        });
        return verb;
    }

    private static async Task<int> ShowAsync(Session session, IAsyncEnumerable<string> names)
    {
        var found = false;
        await foreach (var name in names)
        {
            session.Printer.Line(new JsonObject { ["id"] = name }, Printer.Plain(name));
            found = true;
        }

        return found ? ExitCodes.Done : ExitCodes.NotFound;
    }
}
