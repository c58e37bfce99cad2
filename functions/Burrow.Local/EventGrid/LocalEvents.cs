using System.Security.Cryptography;
using Burrow.Events.Signing;
using Burrow.Relays;
using Burrow.Tables.Sqlite;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Burrow.Local.EventGrid;

/// <summary>
/// What the local process needs for events. At its first start the process makes the key that signs events and the secret that
/// encrypts subscriptions' secrets, and keeps both beside its store. The key that the stand-in requires is new at each start.
/// </summary>
internal sealed class LocalEvents : IDisposable
{
    private const int KeyBytes = 32;

    private readonly Lazy<string> folder;
    private readonly bool isTemporary;

    /// <param name="secret">The secret.</param>
    /// <param name="signingKeys">The signing keys.</param>
    /// <param name="folder">The folder for files; null for one that exists from the first file to the end of the process.</param>
    private LocalEvents(string secret, string signingKeys, string? folder)
    {
        (Secret, SigningKeys, isTemporary) = (secret, signingKeys, folder is null);
        this.folder = folder is null ? new(() => Directory.CreateTempSubdirectory("burrow-").FullName) : new(folder);
    }

    /// <summary>The domain's key, which the stand-in requires.</summary>
    public string Key { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>A value for the setting <c>Burrow:Access:Secret</c>.</summary>
    public string Secret { get; }

    /// <summary>A value for the setting <c>Burrow:Events:SigningKeys</c>.</summary>
    public string SigningKeys { get; }

    /// <summary>The folder for events that could not be delivered.</summary>
    public string DeadLetters => Path.Combine(folder.Value, "dead-letters");

    /// <param name="tables">Where the process stores. With memory, it keeps no files either.</param>
    public static LocalEvents Open(TablesOption tables)
    {
        if (tables.Engine == TablesEngine.Memory)
            return new(NewSecret(), SigningKeyPem.New(), null);
        var folder = tables.Engine == TablesEngine.Sqlite ? Path.GetFullPath(tables.Where) + "-events" : Path.GetFullPath("burrow-events");
        if (Path.GetDirectoryName(folder) is { } parent && !Directory.Exists(parent))
            throw new DirectoryNotFoundException($"There is no folder '{parent}'.");
        PrivateFile.CreateFolder(folder);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new(
            ReadOrMake(Path.Combine(folder, "secret"), NewSecret),
            ReadOrMake(Path.Combine(folder, "signing-keys.pem"), SigningKeyPem.New),
            folder);
    }

    /// <summary>
    /// Fills in the secret and the signing keys if they are not set. If no settings lead to Event Grid, it sets those for the stand-in.
    /// </summary>
    public void Apply(BurrowOptions options)
    {
        options.Access.Secret ??= Secret;
        options.Events.SigningKeys ??= SigningKeys;
        if (options.Events.IsOn)
            return;
        options.Events.TopicEndpoint = new Uri("http://localhost" + StandInRoutes.Publish);
        options.Events.Domain = new Uri("http://localhost" + StandInRoutes.Domain);
        options.Events.Key = Key;
    }

    /// <summary>Removes what belongs to a process that keeps no files.</summary>
    public void Dispose()
    {
        if (isTemporary && folder.IsValueCreated && Directory.Exists(folder.Value))
            Directory.Delete(folder.Value, recursive: true);
    }

    /// <summary>A client whose requests to <c>http://localhost</c> reach this process, whichever port it listens on.</summary>
    public static HttpClient NewClient(IServiceProvider services) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var endpoint = context.DnsEndPoint;
            var (host, port) = (endpoint.Host, endpoint.Port);
            if (endpoint is { Host: "localhost", Port: 80 })
            {
                var address = new Uri(services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
                (host, port) = (address.Host.Trim('[', ']'), address.Port);
            }

            return await Outgoing.OpenAsync(socket => socket.ConnectAsync(host, port, cancellationToken));
        },
    })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));

    private static string ReadOrMake(string file, Func<string> make)
    {
        if (File.Exists(file))
            return File.ReadAllText(file);
        var text = make();
        // The file is there whole or not at all, whenever the process dies.
        File.Delete(file + ".new");
        using (var writer = new StreamWriter(PrivateFile.Open(file + ".new", FileMode.CreateNew)))
            writer.Write(text);
        File.Move(file + ".new", file);
        return text;
    }
}
