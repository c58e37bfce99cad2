using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>claim</c>: shows what a worker would get, or is a worker that runs a command for each message.</summary>
internal static class ClaimVerb
{
    public static Command Create()
    {
        var queue = new Argument<string>("queue") { Description = "The queue; with --exec also a beginning and *." };
        var exec = new Option<string?>("--exec")
        {
            Description = "Be a worker: run this shell command for each message, with its body as standard input. "
                + "Exit code 0: done; 65: dead; 75: released; another: failed, and the last line of standard error is the cause.",
        };
        var limit = Arguments.Limit(1, "Without --exec: how many messages at most.");
        var hide = Arguments.Time("--hide", "For how long they are claimed; 30 s without it. With --exec a claim is extended.");
        var wait = Arguments.Time("--wait", "Without --exec: how long to wait for one.");
        var jobs = new Option<int>("--jobs", "-j") { Description = "With --exec: how many at a time. Of several, each one's output is shown whole, when it has ended.", DefaultValueFactory = _ => 1 };
        var result = new Option<bool>("--result") { Description = "With --exec: standard output is the result of the message." };
        var verb = new Command("claim", "Claim messages, or be a worker.") { queue, exec, limit, hide, wait, jobs, result };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var hidden = parsed.GetValue(hide) ?? TimeSpan.FromSeconds(30);
            if (parsed.GetValue(exec) is { } command)
            {
                var program = new ShellCommand(command, parsed.GetValue(result), parsed.GetValue(jobs) > 1, session.Printer);
                return await WorkAsync(session, program, parsed.GetValue(queue)!, hidden, parsed.GetValue(jobs), cancellationToken);
            }

            var claimed = await session.Account.BytesQueue(parsed.GetValue(queue)!)
                .ClaimAsync(parsed.GetValue(limit), hidden, parsed.GetValue(wait) ?? TimeSpan.Zero, cancellationToken);
            return await MessageVerbs.ShowAsync(session.Printer, claimed.ToAsyncEnumerable());
        });
        return verb;
    }

    private static async Task<int> WorkAsync(
        Session session, ShellCommand program, string queue, TimeSpan hide, int jobs, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        // Standard output is the commands'.
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(session.Account);
        builder.Services.AddSingleton(program);
        builder.Services.AddBurrowBytesWorker<ShellHandler>(queue, options => (options.Hide, options.MaxConcurrency) = (hide, jobs));
        using var host = builder.Build();
        session.Printer.Say($"Working on {queue} of {session.Url}. Ctrl-C stops after the commands that run.");
        await host.RunAsync(cancellationToken);
        return ExitCodes.Done;
    }
}
