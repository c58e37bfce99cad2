using System.CommandLine;
using System.Diagnostics;
using Burrow.Simulation;

var seeds = new Option<int>("--seeds") { Description = "How many seeds to run.", DefaultValueFactory = _ => 1000 };
var from = new Option<int>("--from") { Description = "The first of them.", DefaultValueFactory = _ => 1 };
var trace = new Option<bool>("--trace") { Description = "Print all that happens, and use one thread." };
var all = new Option<bool>("--all") { Description = "Go on after the first seed that fails." };
var relays = new Option<bool>("--relays") { Description = "Run worlds of two deployments, and the relays between them." };
var mirrors = new Option<bool>("--mirrors") { Description = "Run worlds of two deployments, and the mirrors between them." };
var command = new RootCommand(
    "Runs the queue engine through random histories on unreliable tables, and judges them.") { seeds, from, trace, all, relays, mirrors };
command.SetAction(parsed =>
{
    var kind = parsed.GetValue(mirrors) ? WorldKind.Mirrors : parsed.GetValue(relays) ? WorldKind.Relays : WorldKind.One;
    var runner = new Runner(parsed.GetValue(all), parsed.GetValue(trace) ? Console.WriteLine : null, kind);
    var begun = Stopwatch.GetTimestamp();
    runner.Run(parsed.GetValue(from), parsed.GetValue(seeds));
    foreach (var failed in parsed.GetValue(all) ? runner.Failed : runner.Failed.Take(1))
    {
        Console.WriteLine($"Seed {failed.Seed}: {failed.Violation}");
        Console.WriteLine($"  again, in words: {runner.Replay(failed.Seed)}");
    }

    Console.WriteLine(
        $"{runner.Ran} seeds from {parsed.GetValue(from)}, {runner.Requests} requests, "
        + $"in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s: {runner.Failed.Count} failed");
    return runner.Failed.Count == 0 ? 0 : 1;
});
return command.Parse(args).Invoke();
