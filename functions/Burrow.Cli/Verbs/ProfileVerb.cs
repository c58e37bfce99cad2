using System.CommandLine;
using System.Text.Json.Nodes;

namespace Burrow.Client.Cli.Verbs;

/// <summary><c>profile</c>: keeps where a service is, and its key.</summary>
internal static class ProfileVerb
{
    public static Command Create()
    {
        var name = Arguments.Maybe("name", "The profile; without it, all are listed.");
        var key = new Option<bool>("--key") { Description = "Read the key from standard input." };
        var delete = new Option<bool>("--delete") { Description = "Delete it." };
        var verb = new Command("profile", "List profiles; or set one by --url, --account and --key; or delete it.") { name, key, delete };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                var printer = new Printer(parsed.GetValue(ServiceOptions.Json));
                if (parsed.GetValue(name) is null && (parsed.GetValue(delete) || parsed.GetValue(key)))
                    throw new UsageException("Name the profile.");
                if (parsed.GetValue(ServiceOptions.Url) is { } url)
                    Session.AddressOf(url);
                return parsed.GetValue(name) is { } one
                    ? await ChangeAsync(
                        one,
                        new(parsed.GetValue(ServiceOptions.Url), parsed.GetValue(ServiceOptions.Account), null),
                        parsed.GetValue(key),
                        parsed.GetValue(delete),
                        cancellationToken)
                    : Show(printer);
            }
            catch (Exception e) when (e is UsageException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"burrow profile: {e.Message}");
                return ExitCodes.Usage;
            }
        });
        return verb;
    }

    private static async Task<int> ChangeAsync(string name, Profile set, bool readsKey, bool deletes, CancellationToken cancellationToken)
    {
        var profiles = Profiles.Read();
        if (deletes)
        {
            if (!profiles.Remove(name))
                return ExitCodes.NotFound;
        }
        else
        {
            var old = profiles.GetValueOrDefault(name);
            var key = readsKey ? (await Console.In.ReadLineAsync(cancellationToken))?.Trim() : null;
            if (readsKey && string.IsNullOrEmpty(key))
                throw new UsageException("No key came from standard input.");
            // A key that was kept is for the old address.
            var kept = set.Url is null || set.Url == old?.Url ? old?.Key : null;
            profiles[name] = new(set.Url ?? old?.Url, set.Account ?? old?.Account, key ?? kept);
        }

        Profiles.Write(profiles);
        return ExitCodes.Done;
    }

    private static int Show(Printer printer)
    {
        var profiles = Profiles.Read();
        printer.Table(
            [
                .. profiles.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => new JsonObject
                {
                    ["name"] = one.Key,
                    ["url"] = one.Value.Url,
                    ["account"] = one.Value.Account,
                    ["key"] = one.Value.Key is null ? "no" : "yes",
                }),
            ],
            ("name", "name"),
            ("url", "url"),
            ("account", "account"),
            ("key", "key"));
        return profiles.Count > 0 ? ExitCodes.Done : ExitCodes.NotFound;
    }
}
