using Burrow.Local;

return await CommandLine.Create(LocalProcess.RunAsync).Parse(args).InvokeAsync();
