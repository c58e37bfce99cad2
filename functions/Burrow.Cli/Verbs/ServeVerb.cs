using System.CommandLine;
using Burrow.Local;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>burrow serve</c>: the local process.</summary>
internal static class ServeVerb
{
    public static Command Create()
    {
        var verb = new Command("serve", "Run a service on this machine. It stores in burrow.db, in this folder, if nothing else is said.");
        Local.CommandLine.AddTo(verb, LocalProcess.RunAsync);
        return verb;
    }
}
