using System.Net;
using System.Net.Http.Json;
using System.Runtime.Versioning;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Local;

/// <summary>The files of the process are for its user alone. (Windows has no such modes.)</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PrivateFileTests : IDisposable
{
    private const UnixFileMode Mode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Mode700 = Mode600 | UnixFileMode.UserExecute;
    private const UnixFileMode Mode640 = Mode600 | UnixFileMode.GroupRead;

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task No_other_user_reads_the_database_its_log_the_keys_or_the_dead_letters()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await using var burrow = await StartAsync("sqlite:burrow.db");
        await MakeDeadLetterAsync(burrow, folder.File("burrow.db-events"));

        ModesOf(folder.File("")).Where(one => !one.IsFolder).ShouldAllBe(one => one.Mode == Mode600);
        ModesOf(folder.File("")).Where(one => one.IsFolder).ShouldAllBe(one => one.Mode == Mode700);
        var names = ModesOf(folder.File("")).Select(one => one.Name).ToList();
        foreach (var name in (string[])["burrow.db", "burrow.db-wal", "burrow.db-shm", "burrow.db-lock", "secret", "signing-keys.pem"])
            names.ShouldContain(name);
    }

    [Fact]
    public async Task A_database_that_exists_keeps_its_mode_and_gives_it_to_its_log()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await using (var first = await StartAsync("sqlite:burrow.db"))
        {
            await first.InterruptAsync();
            await first.ExitAsync();
        }

        File.SetUnixFileMode(folder.File("burrow.db"), Mode640);
        await using var burrow = await StartAsync("sqlite:burrow.db");
        (await burrow.Http.PutAsync("v1.0/a/q/m", null, Token)).StatusCode.ShouldBe(HttpStatusCode.Created);

        foreach (var file in (string[])["burrow.db", "burrow.db-wal", "burrow.db-shm"])
            File.GetUnixFileMode(folder.File(file)).ShouldBe(Mode640, file);
    }

    [Fact]
    public async Task In_memory_dead_letters_are_in_a_folder_of_their_own_that_ends_with_the_process()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        await using var burrow = await StartAsync("memory");
        ModesOf(folder.File("")).ShouldBeEmpty();
        await MakeDeadLetterAsync(burrow, folder.File(""));
        ModesOf(folder.File("")).ShouldAllBe(one => one.Mode == (one.IsFolder ? Mode700 : Mode600));

        await burrow.InterruptAsync();
        (await burrow.ExitAsync()).ShouldBe(0);

        ModesOf(folder.File("")).ShouldBeEmpty();
    }

    /// <summary>Starts the process in the folder, which is also its folder of temporary files.</summary>
    private Task<BurrowProcess> StartAsync(string tables) => BurrowProcess.StartAsync(
        tables,
        // The runtime would put a socket for debuggers into the folder of temporary files.
        new Dictionary<string, string?> { ["TMPDIR"] = folder.File(""), ["DOTNET_EnableDiagnostics"] = "0" },
        folder.File(""),
        int.MaxValue);

    private static async Task MakeDeadLetterAsync(BurrowProcess burrow, string where)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 400;
        using var answer = await burrow.Http.PutAsJsonAsync("/subscriptions/shop/hook", new { endpoint = receiver.Url }, Token);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await burrow.Http.GetFromJsonAsync<JsonElement>("/subscriptions/shop/hook", patience.Token))
            .GetProperty("state").GetString() != "active")
        {
            await Task.Delay(10, patience.Token);
        }

        (await burrow.Http.PutAsync("v1.0/shop/q/m", null, Token)).StatusCode.ShouldBe(HttpStatusCode.Created);
        while (!Directory.EnumerateFiles(where, "*.json", SearchOption.AllDirectories).Any())
            await Task.Delay(10, patience.Token);
    }

    private static List<(string Name, bool IsFolder, UnixFileMode Mode)> ModesOf(string root) =>
    [
        .. new DirectoryInfo(root).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(info => (info.Name, info is DirectoryInfo, info.UnixFileMode)),
    ];
}
