using System.CommandLine;
using System.CommandLine.Invocation;
using Burrow.Client.Cli.Verbs;

namespace Burrow.Client.Cli;

/// <summary>The verbs, and what they have in common.</summary>
internal static class CommandLine
{
    /// <summary>How long a verb may take to end after Ctrl-C, for example to delete what it made.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code: <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        // '@file' is text like any other, as a body may begin so.
        var parsed = Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction wrong)
        {
            wrong.ShowHelp = false;
            await parsed.InvokeAsync();
            return ExitCodes.Usage;
        }

        return await parsed.InvokeAsync(new() { ProcessTerminationTimeout = HandlesSignals(parsed) ? null : LongestEnd });
    }

    /// <summary>Whether a verb has a host, which finishes what it does when the program is told to stop.</summary>
    private static bool HandlesSignals(ParseResult parsed) =>
        parsed.CommandResult.Command.Name is "serve" or ClaimVerb.Name;

    /// <summary>What went wrong, in one line, without the names of the program's own parameters.</summary>
    private static string MessageOf(Exception e)
    {
        var message = e is ArgumentException { ParamName: { } name } ? e.Message.Replace($" (Parameter '{name}')", "") : e.Message;
        return message.Split('\n')[0].Trim();
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
                or IOException or UnauthorizedAccessException or FormatException or OverflowException)
            {
                // The reader of the output has gone, as 'head' does: there is no one to tell.
                if (e is not OperationCanceledException and not OutputClosedException)
                    await Console.Error.WriteLineAsync($"burrow {verb.Name}: {MessageOf(e)}");
                return ExitCodes.Of(e);
            }
        });
}
