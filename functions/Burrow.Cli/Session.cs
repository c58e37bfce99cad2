using System.CommandLine;

namespace Burrow.Client.Cli;

/// <summary>The options that every verb has which calls a service.</summary>
internal static class ServiceOptions
{
    public static readonly Option<string?> Url = new("--url", "-u")
    {
        Description = "Where the service is. Else BURROW_URL, else the profile, else http://127.0.0.1:7071.",
    };

    public static readonly Option<string?> Account = new("--account", "-a")
    {
        Description = "The account. Else BURROW_ACCOUNT, else the profile, else 'local'.",
    };

    public static readonly Option<string?> Profile = new("--profile", "-p")
    {
        Description = "The profile. Else BURROW_PROFILE, else 'default'.",
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print JSON, for programs: an object or an array, or one object a line.",
    };
}

/// <summary>One run of a verb: the service that it calls, and where it prints.</summary>
internal sealed class Session : IDisposable
{
    private const string DefaultUrl = "http://127.0.0.1:7071";
    private const string DefaultAccount = "local";

    private Session(BurrowClient client, Uri url, string account, Printer printer) =>
        (Client, Url, Account, Printer) = (client, url, client.Account(account), printer);

    public BurrowClient Client { get; }

    public Uri Url { get; }

    public BurrowAccount Account { get; }

    public Printer Printer { get; }

    /// <summary>Finds out which service is meant. The key is never an argument: others see those in the list of processes.</summary>
    /// <exception cref="UsageException">It is not clear, or wrong.</exception>
    public static Session Open(ParseResult parsed) => Open(
        parsed.GetValue(ServiceOptions.Profile),
        parsed.GetValue(ServiceOptions.Url),
        parsed.GetValue(ServiceOptions.Account),
        new Printer(parsed.GetValue(ServiceOptions.Json)));

    /// <inheritdoc cref="Open(ParseResult)"/>
    public static Session Open(string? profileName, string? url, string? account, Printer printer)
    {
        var name = profileName ?? Variable("BURROW_PROFILE");
        if (!Profiles.Read().TryGetValue(name ?? Profiles.Default, out var profile) && name is not null)
            throw new UsageException($"There is no profile '{name}' in {Profiles.Path}.");
        // What the command line names comes before the environment, and that before the rest.
        var (urlVariable, accountVariable) = (Variable("BURROW_URL"), Variable("BURROW_ACCOUNT"));
        var named = profileName is null ? null : profile;
        var address = url ?? named?.Url ?? urlVariable ?? profile?.Url ?? DefaultUrl;
        // A key goes only to the service that it is for: the variable's is for the address beside it, if there is one.
        var variable = urlVariable is null || urlVariable == address ? Variable("BURROW_KEY") : null;
        var own = address == (profile?.Url ?? DefaultUrl) ? profile?.Key : null;
        var key = named is null ? variable ?? own : own ?? variable;
        var uri = AddressOf(address);
        return new(
            new(uri, new() { Key = key }),
            uri,
            account ?? named?.Account ?? accountVariable ?? profile?.Account ?? DefaultAccount,
            printer);
    }

    /// <exception cref="UsageException">It is no address.</exception>
    public static Uri AddressOf(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? uri
            : throw new UsageException($"'{address}' is no address: it is as {DefaultUrl} or https://….");

    public void Dispose() => Client.Dispose();

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
