using System.CommandLine.Invocation;
using Burrow.Local;

// The host handles Ctrl-C and finishes the requests under way. System.CommandLine would give it only two seconds.
var command = CommandLine.Create(LocalProcess.RunAsync).Parse(args);
if (command.Action is ParseErrorAction wrong)
    wrong.ShowHelp = false;
return await command.InvokeAsync(new() { ProcessTerminationTimeout = null });
