using Burrow.Local;

// Ctrl-C is the host's to handle: it finishes what is under way, where the command line would give it two seconds.
return await CommandLine.Create(LocalProcess.RunAsync).Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null });
