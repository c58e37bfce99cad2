using System.CommandLine;

namespace Burrow.Local;

/// <summary>The command line of the local process.</summary>
internal static class CommandLine
{
    public static RootCommand Create(Func<LocalOptions, CancellationToken, Task<int>> run)
    {
        var command = new RootCommand(
            "Burrow, a message queue over HTTP, in one process. Settings are read from environment variables, as Burrow__DefaultTtl.");
        AddTo(command, run);
        return command;
    }

    /// <summary>Gives a command the options, and what it does.</summary>
    public static void AddTo(Command command, Func<LocalOptions, CancellationToken, Task<int>> run)
    {
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen: one or more of http://{address}:{port}, separated by ';'. Port 0 takes a free one.",
            DefaultValueFactory = _ => "http://127.0.0.1:7071",
        };
        urls.Validators.Add(result =>
        {
            var split = Split(result.GetValueOrDefault<string>());
            if (split.Length == 0)
                result.AddError("--urls: there is no address in it; give one or more of http://{address}:{port}.");
            foreach (var url in split.Where(url => !IsAddress(url)))
            {
                result.AddError(
                    $"--urls: '{url}' is not http://{{address}}:{{port}} with an IP address or localhost (port 0 with an address only).");
            }
        });
        var tables = new Option<TablesOption>("--tables")
        {
            Description =
                "Where to store: memory, sqlite:{file} or azure:{connection string} (azure:UseDevelopmentStorage=true for Azurite).",
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
            Description =
                "A host name to answer to besides localhost, names under .localhost and IP addresses; may be given several times.",
            DefaultValueFactory = _ => [],
        };
        hosts.Validators.Add(result =>
        {
            foreach (var host in (result.GetValueOrDefault<string[]>() ?? []).Where(
                host => Uri.CheckHostName(host) == UriHostNameType.Unknown))
            {
                result.AddError($"--host: '{host}' is not a host name (without scheme and port).");
            }
        });
        var noSync = new Option<bool>("--no-sync")
        {
            Description =
                "With SQLite: acknowledge before the disk has it. "
                + "Faster; what was acknowledged survives the process's end, not the machine's.",
        };
        command.Add(urls);
        command.Add(tables);
        command.Add(hosts);
        command.Add(noSync);
        command.SetAction((parsed, cancellationToken) => run(
            new LocalOptions(Split(parsed.GetValue(urls)), parsed.GetValue(tables)!, parsed.GetValue(hosts)!, !parsed.GetValue(noSync)),
            cancellationToken));
    }

    /// <summary>
    /// Whether a URL is http on an IP address or localhost. Kestrel takes a host name that it doesn't know for "every interface",
    /// so other host names are not allowed.
    /// </summary>
    private static bool IsAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri is { Scheme: "http", PathAndQuery: "/", Fragment: "", UserInfo: "" }
        && (uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6
            || (uri.IsLoopback && uri.Host == "localhost" && uri.Port != 0));

    private static string[] Split(string? urls) =>
        (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
