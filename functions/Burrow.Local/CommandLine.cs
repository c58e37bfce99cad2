using System.CommandLine;

namespace Burrow.Local;

/// <summary>The command line of the local process.</summary>
internal static class CommandLine
{
    public static RootCommand Create(Func<LocalOptions, CancellationToken, Task<int>> run)
    {
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen: one or more of http://{address}:{port}, separated by ';'. Port 0 takes a free one.",
            DefaultValueFactory = _ => "http://127.0.0.1:7071",
        };
        urls.Validators.Add(result =>
        {
            foreach (var url in Split(result.GetValueOrDefault<string>()))
            {
                if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/")
                    result.AddError($"--urls: '{url}' is not http://{{address}}:{{port}}.");
            }
        });
        var tables = new Option<TablesOption>("--tables")
        {
            Description = "Where to store: memory, sqlite:{file} or azure:{connection string} (azure:UseDevelopmentStorage=true for Azurite).",
            HelpName = "memory|sqlite:{file}|azure:{connection string}",
            DefaultValueFactory = _ => TablesOption.Default,
            CustomParser = result =>
            {
                if (TablesOption.TryParse(result.Tokens[0].Value) is { } parsed)
                    return parsed;
                result.AddError($"--tables: '{result.Tokens[0].Value}' is not memory, sqlite:{{file}} or azure:{{connection string}}.");
                return null;
            },
        };
        var hosts = new Option<string[]>("--host")
        {
            Description = "A host name to answer to besides localhost, 127.0.0.1 and [::1]; may be given several times.",
            DefaultValueFactory = _ => [],
        };
        var noSync = new Option<bool>("--no-sync")
        {
            Description = "With SQLite: acknowledge before the disk has it. Faster; what was acknowledged survives the process's end, not the machine's.",
        };
        var command = new RootCommand("Burrow, a message queue over HTTP, in one process. Settings are read from environment variables, as Burrow__DefaultTtl.")
        {
            urls,
            tables,
            hosts,
            noSync,
        };
        command.SetAction((parsed, cancellationToken) => run(
            new LocalOptions(Split(parsed.GetValue(urls)), parsed.GetValue(tables)!, parsed.GetValue(hosts)!, !parsed.GetValue(noSync)), cancellationToken));
        return command;
    }

    private static string[] Split(string? urls) => (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
