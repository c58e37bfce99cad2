using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>claim</c>: shows what a worker would get, or is a worker that runs a command for each message.</summary>
internal static class ClaimVerb
{
    public const string Name = "claim";

    /// <summary>A command may take as long as it takes: a second Ctrl-C ends it.</summary>
    private static readonly TimeSpan Endless = TimeSpan.FromDays(30);

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
        var jobs = Arguments.Number(
            "--jobs", "With --exec: how many at a time. Of several, each one's output is shown whole, when it has ended.", 1, 1, 1_000);
        jobs.Aliases.Add("-j");
        var result = new Option<bool>("--result")
        {
            Description = "With --exec: standard output is the result of the message, which was put with --result. At most 32 KiB.",
        };
        var verb = new Command(Name, "Claim messages, or be a worker.") { queue, exec, limit, hide, wait, jobs, result };
        verb.Calls(async (session, parsed, cancellationToken) =>
        {
            var hidden = parsed.GetValue(hide) ?? TimeSpan.FromSeconds(30);
            var least = TimeSpan.FromSeconds(parsed.GetValue(exec) is null ? 1 : 2);
            if (hidden < least)
                throw new UsageException($"--hide is {least.TotalSeconds:0} s or more.");
            if (parsed.GetValue(queue)!.Trim('*').Length == 0 && parsed.GetValue(queue) != "*")
                throw new UsageException("Name a queue, or the beginning of some and *.");
            if (parsed.GetValue(exec) is { } command)
            {
                if (string.IsNullOrWhiteSpace(command))
                    throw new UsageException("--exec needs a command: an empty one would do nothing, and every message would be done.");
                var program = new ShellCommand(command, parsed.GetValue(result), parsed.GetValue(jobs) > 1);
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
        builder.Services.AddBurrowBytesWorker<ShellHandler>(
            queue, options => (options.Hide, options.MaxConcurrency, options.StopTime) = (hide, jobs, Endless));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Endless);
        using var host = builder.Build();
        program.Stop = host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication;
        var signals = 0;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ =>
        {
            if (Interlocked.Increment(ref signals) > 1)
                program.Kill();
            else
                session.Printer.Say("Stopping after the commands that run.");
        });
        session.Printer.Say($"Working on {queue} of {session.Url}. Ctrl-C stops after the commands that run; a second one ends them.");
        await host.RunAsync(cancellationToken);
        return program.Failure is { } failure ? throw failure : ExitCodes.Done;
    }
}
