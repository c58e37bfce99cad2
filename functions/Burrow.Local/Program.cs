using System.CommandLine.Invocation;
using Burrow.Local;

// Ctrl-C is the host's to handle: it finishes what is under way, where the command line would give it two seconds.
var command = CommandLine.Create(LocalProcess.RunAsync).Parse(args);
if (command.Action is ParseErrorAction wrong)
    wrong.ShowHelp = false;
return await command.InvokeAsync(new() { ProcessTerminationTimeout = null });
