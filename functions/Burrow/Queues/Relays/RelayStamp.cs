namespace Burrow.Queues.Relays;

/// <summary>
/// The stamp of this deployment: a random text made with its tables, or a setting. A relayed message carries the stamps that it came
/// through, and a producer's name at the other side begins with it.
/// </summary>
internal sealed class RelayStamp(RelayTable table, Random random, string? set)
{
    private string? stamp = set;

    /// <summary>The stamp, if this process has read it.</summary>
    public string? Known => stamp;

    /// <summary>The stamp. It is read once in a process.</summary>
    public async ValueTask<string> GetAsync(CancellationToken cancellationToken) =>
        stamp ??= await table.StampAsync(Base32.Encode(Bytes()), cancellationToken);

    private byte[] Bytes()
    {
        var bytes = new byte[15];
        random.NextBytes(bytes);
        return bytes;
    }
}
