using Burrow.Caching;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Settings;

/// <summary>
/// What accounts have set for their queues. Every process heeds a change within 5 s, the one that made it at once. While no account has
/// set anything, that costs one read in 3 s.
/// </summary>
internal sealed class QueueSettings
{
    private const int MaxAccounts = 50_000;

    private readonly QueueContext context;
    private readonly SettingsTable table;
    private readonly VersionedCache<AccountName, AccountSettings> cache;

    public QueueSettings(QueueContext context, SettingsTable table)
    {
        (this.context, this.table) = (context, table);
        cache = new(context.Time, MaxAccounts, table.VersionAsync, table.ReadAsync);
    }

    /// <summary>An account's settings, as of 5 s ago at most.</summary>
    public async ValueTask<AccountSettings> OfAsync(AccountName account) =>
        await cache.GetAsync(account, CancellationToken.None) ?? AccountSettings.None;

    /// <summary>An account's settings, read now.</summary>
    public Task<AccountSettings> ReadAsync(AccountName account, CancellationToken cancellationToken) =>
        table.ReadAsync(account, cancellationToken);

    /// <summary>Has the settings read again at the next look, as what this process remembers is known to be old.</summary>
    public void Forget() => cache.Forget();

    /// <summary>Changes an account's settings. If another request is faster, it reads them and tries again.</summary>
    /// <param name="account">The account.</param>
    /// <param name="change">What they become; null: nothing is left to do.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task ChangeAsync(
        AccountName account, Func<AccountSettings, AccountSettings?> change, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var read = await table.ReadAsync(account, cancellationToken);
            if (change(read) is not { } changed || await table.WriteAsync(account, changed, cancellationToken))
                break;
            await context.BackOffAsync(tries, cancellationToken);
        }

        cache.Forget();
    }
}
