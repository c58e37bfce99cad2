using Burrow.Client.Cli;

return await CommandLine.RunAsync(args);
