using System.CommandLine;
using System.CommandLine.Invocation;
using Burrow.Client.Cli.Verbs;

namespace Burrow.Client.Cli;

/// <summary>The verbs, and what they have in common.</summary>
internal static class CommandLine
{
    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code: <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Create().Parse(args);
        if (parsed.Action is ParseErrorAction wrong)
        {
            wrong.ShowHelp = false;
            await parsed.InvokeAsync();
            return ExitCodes.Usage;
        }

        // A worker finishes what it does when it is told to stop.
        return await parsed.InvokeAsync(new() { ProcessTerminationTimeout = null });
    }

    public static RootCommand Create()
    {
        var root = new RootCommand("Burrow, a message queue over plain HTTP. 'burrow serve' runs a service here; all other verbs call one.")
        {
            ServeVerb.Create(),
        };
        Command[] verbs =
        [
            .. NameVerbs.Create(), .. MessageVerbs.Create(), TailVerb.Create(), ClaimVerb.Create(), .. DeadVerbs.Create(),
            .. AdministrationVerbs.Create(), StatsVerb.Create(), .. TransferVerbs.Create(), BenchVerb.Create(), ProfileVerb.Create(),
        ];
        foreach (var verb in verbs)
        {
            Option[] common = [ServiceOptions.Url, ServiceOptions.Account, ServiceOptions.Profile, ServiceOptions.Json];
            foreach (var option in common)
                verb.Add(option);
            root.Add(verb);
        }

        root.Add(CompletionVerb.Create());
        return root;
    }

    /// <summary>Sets what a verb does with a service. What goes wrong is told in one line.</summary>
    public static void Calls(this Command verb, Func<Session, ParseResult, CancellationToken, Task<int>> run) =>
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                using var session = Session.Open(parsed);
                return await run(session, parsed, cancellationToken);
            }
            catch (Exception e) when (e is BurrowException or UsageException or ArgumentException or OperationCanceledException
                or IOException or UnauthorizedAccessException)
            {
                if (e is not OperationCanceledException)
                    await Console.Error.WriteLineAsync($"burrow {verb.Name}: {e.Message}");
                return ExitCodes.Of(e);
            }
        });
}
