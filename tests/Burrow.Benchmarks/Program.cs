using System.CommandLine;
using Burrow.Benchmarks;
using Burrow.Benchmarks.Benchmarks;
using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Reporting;
using Burrow.Benchmarks.Tables;

// The order matters. The first benchmark looks at new processes, and the last looks at them again after all others have used
// them.
(string Name, Func<Session, Task<Section>> RunAsync)[] benchmarks =
[
    ("start", Footprint.AtStartAsync),
    ("serve", Serve.RunAsync),
    ("put", session => new Put(session).RunAsync()),
    ("cycle", session => new Cycle(session).RunAsync()),
    ("priorities", session => new Priorities(session).RunAsync()),
    ("groups", session => new Groups(session).RunAsync()),
    ("batch", session => new BatchInsert(session).RunAsync()),
    ("claim", session => new ClaimMany(session).RunAsync()),
    ("list", session => new ListMany(session).RunAsync()),
    ("size", session => new QueueSize(session).RunAsync()),
    ("sweep", session => new ExpirySweep(session).RunAsync()),
    ("wake", session => new WakeUp(session).RunAsync()),
    ("streams", session => new Streams(session).RunAsync()),
    ("azure", session => new AzureTables(session).RunAsync()),
    ("client", session => new DotNetClient(session).RunAsync()),
    ("embedded", session => new EmbeddedQueue(session).RunAsync()),
    ("functions", session => new FunctionApps(session).RunAsync()),
    ("cost", _ => StorageCost.RunAsync()),
    ("fairness", session => new Fairness(session).RunAsync()),
    ("neighbours", session => new Neighbours(session).RunAsync()),
    ("end", Footprint.AtEndAsync),
];

var only = new Option<string[]>("--only")
{
    Description = $"Only some, separated by commas, and without writing docs/benchmarks.md: "
        + $"{string.Join(", ", benchmarks.Select(benchmark => benchmark.Name))}.",
    CustomParser = result => result.Tokens[0].Value.Split(','),
};
only.Validators.Add(result =>
{
    foreach (var unknown in result.Tokens[0].Value.Split(',').Except(benchmarks.Select(benchmark => benchmark.Name)))
        result.AddError($"--only: there is no '{unknown}'.");
});
var seconds = new Option<double>("--seconds") { Description = "How long one run takes.", DefaultValueFactory = _ => 1.5 };
var runs =
    new Option<int>("--runs")
    {
        Description = "How many runs there are of each figure, which is their median.",
        DefaultValueFactory = _ => 3
    };
var bare = new Command(BareEndpoint.Command) { Hidden = true };
bare.SetAction((_, cancellationToken) => BareEndpoint.RunAsync(cancellationToken));
var tables = new Command(TableServer.Command) { Hidden = true };
tables.SetAction((_, cancellationToken) => TableServer.RunAsync(cancellationToken));
var command = new RootCommand(
    "Measures Burrow, beside what it is compared with, and writes docs/benchmarks.md.") { only, seconds, runs, bare, tables };
command.SetAction(async (parsed, cancellationToken) =>
{
    Runtime.Configure();
    var chosen = parsed.GetResult(only) is null ? null : parsed.GetValue(only);
    var machine = Machine.Look();
    var sections = new List<Section>();
    await using (var session = new Session(parsed.GetValue(seconds), parsed.GetValue(runs)))
    {
        // When the operator interrupts the program, it leaves no process behind.
        await using var interrupted = cancellationToken.Register(() => _ = session.DisposeAsync().AsTask());
        foreach (var (name, run) in benchmarks.Where(benchmark => chosen?.Contains(benchmark.Name) != false))
        {
            Progress.Tell(name);
            sections.Add(await run(session));
            // Each section is printed at once, because a later benchmark may fail.
            Console.Error.WriteLine(Report.Write(sections[^1]));
        }
    }

    var report = Report.Write(
        sections,
        machine,
        $"dotnet run -c Release --project tests/Burrow.Benchmarks {(args.Length > 0 ? "-- " : "")}{string.Join(' ', args)}".Trim());
    Console.WriteLine(report);
#if DEBUG
    Console.Error.WriteLine("Built for debugging: these figures say nothing, and aren't written.");
#else
    if (chosen is null)
        await File.WriteAllTextAsync(Path.Combine(Repository.Root, "docs", "benchmarks.md"), report);
#endif
});
return await command.Parse(args).InvokeAsync();
