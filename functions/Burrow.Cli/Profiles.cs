using System.Text.Json;
using System.Text.Json.Serialization;

namespace Burrow.Client.Cli;

/// <summary>Where a service is, which account is used, and by which key.</summary>
internal sealed record Profile(string? Url, string? Account, string? Key);

/// <summary>
/// The profiles: <c>burrow/profiles.json</c> in <c>$XDG_CONFIG_HOME</c> or <c>~/.config</c>. Only its owner may read the file, as it
/// holds keys.
/// </summary>
internal static class Profiles
{
    public const string Default = "default";

    public static string Path => System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } home
            ? home
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "burrow",
        "profiles.json");

    /// <exception cref="UsageException">The file can't be read.</exception>
    public static Dictionary<string, Profile> Read()
    {
        if (!File.Exists(Path))
            return [];
        try
        {
            using var file = File.OpenRead(Path);
            var read = JsonSerializer.Deserialize(file, ProfilesJson.Default.DictionaryStringProfile) ?? [];
            return read.Where(one => one.Value is not null).ToDictionary();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{Path} can't be read: {e.Message}");
        }
    }

    public static void Write(Dictionary<string, Profile> profiles)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        // It replaces the old file whole, so that no crash leaves half of it.
        var temporary = Path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
            JsonSerializer.Serialize(file, profiles, ProfilesJson.Default.DictionaryStringProfile);
        File.Move(temporary, Path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, Profile>))]
internal sealed partial class ProfilesJson : JsonSerializerContext;
