using Burrow.Access;
using Burrow.Relays;
using Microsoft.Extensions.Options;

namespace Burrow.Local;

/// <summary>
/// Access to the local process. If only its own machine reaches it, every caller may do everything, unless the settings say
/// otherwise. Who reaches it follows from <c>--urls</c>, because <see cref="ListeningCheck"/> lets it listen nowhere else.
/// </summary>
internal static class LocalAccess
{
    public static void Add(WebApplicationBuilder builder, IReadOnlyList<string> urls)
    {
        var isPrivate = IsPrivate(urls);
        var asked = builder.Configuration[$"{BurrowOptions.Section}:Access:Mode"];
        var open = string.IsNullOrEmpty(asked) ? isPrivate : asked.Equals(nameof(AccessMode.Open), StringComparison.OrdinalIgnoreCase);
        builder.Services.AddSingleton<IValidateOptions<BurrowOptions>>(new OpenIsPrivate(isPrivate));
        // This runs before the settings are read, so they can override it.
        builder.Services.Configure<BurrowOptions>(options =>
        {
            options.Access.Mode = open ? AccessMode.Open : AccessMode.Keys;
            options.Access.AllowAnyoneToReadAndDeleteEverything = open;
            if (open)
                options.Quotas.RemoveAll();
        });
    }

    /// <summary>Whether only this machine reaches the URLs: all are on loopback.</summary>
    public static bool IsPrivate(IReadOnlyList<string> urls) => urls.All(IsLoopback);

    private static bool IsLoopback(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && Outgoing.IsLoopback(uri);

    private sealed class OpenIsPrivate(bool isPrivate) : IValidateOptions<BurrowOptions>
    {
        public ValidateOptionsResult Validate(string? name, BurrowOptions options) => options.Access.IsOpen && !isPrivate
            ? ValidateOptionsResult.Fail(
                "Others can reach --urls, and in the mode Open they could do everything. "
                + "Listen on 127.0.0.1, or set Burrow__Access__Mode=Keys.")
            : ValidateOptionsResult.Success;
    }
}
