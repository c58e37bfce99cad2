using System.CommandLine;

var app = new Option<DirectoryInfo>("--app") { Description = "The folder that the function app was published to.", Required = true };
app.AcceptExistingOnly();
var url = new Option<string>("--url")
{
    Description = "Where to take HTTP requests; port 0 for any free port.",
    DefaultValueFactory = _ => "http://127.0.0.1:7071",
};
var stop = new Option<Burrow.FunctionsHost.StopMessage>("--stop")
{
    Description = "What ends the invocations that run when the host stops.",
};
var command = new RootCommand("Runs a published function app as the Functions host does, for tests.") { app, url, stop };
command.SetAction((parsed, cancellationToken) => Burrow.FunctionsHost.Host.RunAsync(
    parsed.GetRequiredValue(app).FullName,
    parsed.GetRequiredValue(url),
    parsed.GetValue(stop),
    address => Console.WriteLine($"The Functions host listens on {address}"),
    cancellationToken));
// A stop takes as long as what runs and the worker take to end: each has its own bound.
return await command.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) });
